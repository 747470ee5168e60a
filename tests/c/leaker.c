/* Loses a configuration: tests/c_api.rs checks with it that the leak check is on. */
#include "multicloudj_registry.h"

int main(void)
{
    mcjr_config *volatile config = mcjr_config_new();
    config = 0;
    return config != 0;
}
