/* Loses errors: tests/c_api.rs checks with it that the leak check is on. */
#include <stddef.h>

#include "multicloudj_registry.h"

int main(void)
{
    /* Many, and then some that are freed: what is left of a pointer on the stack or in a register counts as a use. */
    for (int i = 0; i < 200; i++) {
        mcjr_error *error = NULL;
        if (mcjr_client_new(NULL, NULL, &error) != MCJR_KIND_INVALID_ARGUMENT)
            return 0;
        if (i >= 100)
            mcjr_error_free(error);
    }
    return 0;
}
