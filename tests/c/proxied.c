/* Pulls from a host that is not there, through the proxy in the argument if there is one, and prints what went wrong. */

#include <stdio.h>
#include "multicloudj_registry.h"

int main(int argc, char **argv)
{
    mcjr_config *config = mcjr_config_new();
    mcjr_client *client = NULL;
    mcjr_error *error = NULL;
    mcjr_result *result = NULL;

    mcjr_config_set(config, "endpoint", "https://registry.invalid");
    mcjr_config_set(config, "retry-attempts", "1");
    if (argc > 1)
        mcjr_config_set(config, "proxy-endpoint", argv[1]);
    int status = mcjr_client_new(config, &client, &error);
    if (status == 0)
        status = mcjr_pull_image(client, "app:v1", "never.tar", NULL, &result, &error);
    if (error != NULL)
        puts(mcjr_error_message(error));

    mcjr_error_free(error);
    mcjr_result_free(result);
    mcjr_client_free(client);
    mcjr_config_free(config);
    return status;
}
