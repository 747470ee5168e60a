/* Pulls an image into a tar, with progress on one line and Ctrl-C to stop:
 *
 *     cargo build --release --lib
 *     cc -o pull -Iinclude examples/c/pull.c -Ltarget/release -lmulticloudj_registry -Wl,-rpath,$PWD/target/release
 *     ./pull docker.io/library/alpine:3.20 alpine.tar
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "multicloudj_registry.h"

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1; /* the library may not be called from here */
}

/* Called at least every 100 ms while the pull runs; anything but 0 stops it. */
static int on_progress(void *userdata, const mcjr_progress *progress)
{
    (void)userdata;
    fprintf(stderr, "\r%zu layers, %llu of %llu bytes", progress->layer_count,
            (unsigned long long)progress->done, (unsigned long long)progress->total);
    return interrupted;
}

int main(int argc, char **argv)
{
    mcjr_config *config = mcjr_config_new();
    mcjr_options *options = mcjr_options_new();
    mcjr_client *client = NULL;
    mcjr_result *result = NULL;
    mcjr_error *error = NULL;
    int status;

    if (argc < 3) {
        fprintf(stderr, "usage: %s REFERENCE FILE [KEY VALUE]...\n", argv[0]);
        return 2;
    }
    signal(SIGINT, on_interrupt);

    /* For example: endpoint https://registry.example.com username robot password secret */
    for (int i = 3; i + 1 < argc; i += 2)
        mcjr_config_set(config, argv[i], argv[i + 1]); /* a refusal is kept for mcjr_client_new */
    mcjr_options_set_progress(options, on_progress, NULL);

    status = mcjr_client_new(config, &client, &error);
    if (status == 0)
        status = mcjr_pull_image(client, argv[1], argv[2], options, &result, &error);

    if (status == 0) {
        fprintf(stderr, "\n");
        printf("%s %s\n", mcjr_result_digest(result), mcjr_result_saved_path(result));
    } else {
        fprintf(stderr, "\n%s\n", mcjr_error_message(error));
        for (size_t i = 0; i < mcjr_error_cause_count(error); i++)
            fprintf(stderr, "  because: %s\n", mcjr_error_cause(error, i));
    }

    /* Whatever happened, everything may be freed. */
    mcjr_result_free(result);
    mcjr_error_free(error);
    mcjr_client_free(client);
    mcjr_options_free(options);
    mcjr_config_free(config);
    return status;
}
