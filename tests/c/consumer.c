/* A C program that uses all of the API, and misuses what the header says may be misused.
 *
 * Arguments: the endpoint of a registry and an empty folder. The registry (tests/c_api.rs sets it up) has app:v1, an
 * image of two layers; slow:v1, the same sent over a second or so; and stuck:v1, whose layers never end.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "multicloudj_registry.h"

#define CHECK(condition)                                                                          \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);               \
            exit(1);                                                                              \
        }                                                                                         \
    } while (0)

static const char *endpoint;
static const char *folder;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static const char *path(const char *name)
{
    static char text[4096];
    snprintf(text, sizeof text, "%s/%s", folder, name);
    return text;
}

static int exists(const char *name)
{
    return access(path(name), F_OK) == 0;
}

static mcjr_client *new_client(void)
{
    mcjr_config *config = mcjr_config_new();
    mcjr_client *client = NULL;
    mcjr_error *error = NULL;
    CHECK(mcjr_config_set(config, "endpoint", endpoint) == 0);
    CHECK(mcjr_client_new(config, &client, &error) == 0);
    CHECK(client != NULL && error == NULL);
    mcjr_config_free(config);
    return client;
}

/* Pulls, expects `kind`, and that the text has `part` in it. */
static void fails(const mcjr_client *client, const char *reference, const char *name, const mcjr_options *options,
                  int kind, const char *part)
{
    mcjr_result *untouched = (mcjr_result *)&endpoint;
    mcjr_result *result = untouched;
    mcjr_error *error = NULL;
    CHECK(mcjr_pull_image(client, reference, path(name), options, &result, &error) == kind);
    CHECK(result == untouched);
    CHECK(mcjr_error_kind(error) == kind);
    if (strstr(mcjr_error_message(error), part) == NULL) {
        fprintf(stderr, "\"%s\" is not in \"%s\"\n", part, mcjr_error_message(error));
        exit(1);
    }
    mcjr_error_free(error);
    CHECK(!exists(name));
}

/* -- progress --------------------------------------------------------------------------------- */

struct watcher {
    pthread_t thread;
    int calls;
    double last_call;
    double longest_pause;
    uint64_t done;
    uint64_t total;
    size_t layers;
    int answer_when_layers_are_known;
};

static int watch(void *userdata, const mcjr_progress *progress)
{
    struct watcher *watcher = userdata;
    uint64_t done = 0;
    uint64_t total = 0;
    CHECK(pthread_equal(watcher->thread, pthread_self()));
    CHECK((progress->layers == NULL) == (progress->layer_count == 0));
    for (size_t i = 0; i < progress->layer_count; i++) {
        CHECK(strncmp(progress->layers[i].digest, "sha256:", 7) == 0);
        done += progress->layers[i].done;
        total += progress->layers[i].total;
    }
    CHECK(done == progress->done && total == progress->total && done <= total);
    if (watcher->calls > 0 && now() - watcher->last_call > watcher->longest_pause)
        watcher->longest_pause = now() - watcher->last_call;
    watcher->calls++;
    watcher->last_call = now();
    watcher->done = done;
    watcher->total = total;
    watcher->layers = progress->layer_count;
    return progress->layer_count > 0 ? watcher->answer_when_layers_are_known : 0;
}

static mcjr_options *watched_by(struct watcher *watcher)
{
    mcjr_options *options = mcjr_options_new();
    memset(watcher, 0, sizeof *watcher);
    watcher->thread = pthread_self();
    CHECK(mcjr_options_set_progress(options, watch, watcher) == 0);
    return options;
}

static void pulls_with_progress(void)
{
    mcjr_client *client = new_client();
    struct watcher watcher;
    mcjr_options *options = watched_by(&watcher);
    mcjr_result *result = NULL;
    mcjr_error *error = NULL;

    CHECK(mcjr_options_set(options, "platform", "linux/amd64") == 0);
    CHECK(mcjr_pull_image(client, "slow:v1", path("slow.tar"), options, &result, &error) == 0);
    CHECK(error == NULL);
    CHECK(watcher.layers == 2 && watcher.done == watcher.total && watcher.total > 0);
    /* 100 ms are promised; on a loaded machine the test itself may get the processor late. */
    CHECK(watcher.calls >= 5 && watcher.longest_pause < 1.0);

    CHECK(strcmp(mcjr_result_saved_path(result), path("slow.tar")) == 0);
    CHECK(strncmp(mcjr_result_digest(result), "sha256:", 7) == 0);
    CHECK(strncmp(mcjr_result_config_digest(result), "sha256:", 7) == 0);
    CHECK(strcmp(mcjr_result_tag(result), "v1") == 0);
    CHECK(mcjr_result_index_digest(result) == NULL);
    CHECK(strcmp(mcjr_result_os(result), "linux") == 0);
    CHECK(strcmp(mcjr_result_architecture(result), "amd64") == 0);
    CHECK(mcjr_result_variant(result) == NULL);
    CHECK(mcjr_result_os_version(result) == NULL);
    CHECK(mcjr_result_os_features(result) == NULL);
    CHECK(mcjr_result_size(result) > watcher.total);
    CHECK(exists("slow.tar"));

    /* A result needs neither client nor options. */
    mcjr_client_free(client);
    mcjr_options_free(options);
    CHECK(strcmp(mcjr_result_tag(result), "v1") == 0);
    mcjr_result_free(result);
}

static void callback_cancels(void)
{
    mcjr_client *client = new_client();
    struct watcher watcher;
    mcjr_options *options = watched_by(&watcher);
    watcher.answer_when_layers_are_known = 7;
    fails(client, "stuck:v1", "stuck.tar", options, MCJR_KIND_CANCELLED, "returned 7");
    mcjr_options_free(options);
    mcjr_client_free(client);
}

/* -- other threads ---------------------------------------------------------------------------- */

static void *trigger_soon(void *cancel)
{
    usleep(300000);
    CHECK(mcjr_cancel_trigger(cancel) == 0);
    return NULL;
}

static void thread_cancels(void)
{
    mcjr_client *client = new_client();
    mcjr_options *options = mcjr_options_new();
    mcjr_cancel *cancel = mcjr_cancel_new();
    pthread_t thread;
    double started = now();

    CHECK(mcjr_options_set_cancel(options, cancel) == 0);
    pthread_create(&thread, NULL, trigger_soon, cancel);
    fails(client, "stuck:v1", "stuck.tar", options, MCJR_KIND_CANCELLED, "cancelled");
    CHECK(now() - started < 5.0);
    pthread_join(thread, NULL);

    /* It stays triggered for whoever has it, freed or not. */
    mcjr_cancel_free(cancel);
    fails(client, "app:v1", "late.tar", options, MCJR_KIND_CANCELLED, "cancelled");
    CHECK(mcjr_options_set_cancel(options, NULL) == 0);
    CHECK(mcjr_cancel_trigger(cancel) == 0);
    mcjr_cancel_free(cancel);
    CHECK(mcjr_options_set_cancel(options, cancel) == MCJR_KIND_CLOSED);
    fails(client, "app:v1", "late.tar", options, MCJR_KIND_CLOSED, "the cancellation is closed");

    mcjr_options_free(options);
    mcjr_client_free(client);
}

static void *free_soon(void *client)
{
    usleep(200000);
    mcjr_client_free(client);
    mcjr_client_free(client);
    return NULL;
}

static void client_is_freed_during_a_pull(void)
{
    mcjr_client *client = new_client();
    mcjr_result *result = NULL;
    pthread_t thread;
    pthread_create(&thread, NULL, free_soon, client);
    CHECK(mcjr_pull_image(client, "slow:v1", path("freed.tar"), NULL, &result, NULL) == 0);
    pthread_join(thread, NULL);
    CHECK(exists("freed.tar"));
    mcjr_result_free(result);
    fails(client, "app:v1", "late.tar", NULL, MCJR_KIND_CLOSED, "the client is closed");
    mcjr_client_free(client);
}

static void *pull_many(void *client)
{
    char name[4096];
    mcjr_result *result = NULL;
    snprintf(name, sizeof name, "%s/many-%lx.tar", folder, (unsigned long)pthread_self());
    CHECK(mcjr_pull_image(client, "app:v1", name, NULL, &result, NULL) == 0);
    mcjr_result_free(result);
    return NULL;
}

static void threads_share_a_client(void)
{
    mcjr_client *client = new_client();
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, pull_many, client);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    mcjr_client_free(client);
}

static int pull_within(void *userdata, const mcjr_progress *progress)
{
    mcjr_client **client = userdata;
    mcjr_result *result = NULL;
    (void)progress;
    if (*client != NULL) {
        CHECK(mcjr_pull_image(*client, "app:v1", path("inner.tar"), NULL, &result, NULL) == 0);
        mcjr_result_free(result);
        mcjr_client_free(*client);
        *client = NULL;
    }
    return 0;
}

static void callback_calls_the_library(void)
{
    mcjr_client *client = new_client();
    mcjr_client *for_callback = client;
    mcjr_options *options = mcjr_options_new();
    mcjr_result *result = NULL;
    CHECK(mcjr_options_set_progress(options, pull_within, &for_callback) == 0);
    CHECK(mcjr_pull_image(client, "app:v1", path("outer.tar"), options, &result, NULL) == 0);
    CHECK(exists("inner.tar") && exists("outer.tar"));
    mcjr_result_free(result);
    mcjr_options_free(options);
}

/* -- errors ----------------------------------------------------------------------------------- */

static void failures_say_what_is_wrong(void)
{
    mcjr_client *client = new_client();
    mcjr_client *none = NULL;
    mcjr_result *result = NULL;
    mcjr_error *error = NULL;
    mcjr_config *config = mcjr_config_new();
    mcjr_options *options = mcjr_options_new();

    CHECK(mcjr_pull_image(client, "app:none", path("none.tar"), NULL, &result, &error) == MCJR_KIND_NOT_FOUND);
    CHECK(mcjr_error_http_status(error) == 404);
    CHECK(strstr(mcjr_error_message(error), "app:none") != NULL);
    CHECK(mcjr_error_cause(error, mcjr_error_cause_count(error)) == NULL);
    mcjr_error_free(error);
    fails(client, "Not A Reference", "none.tar", NULL, MCJR_KIND_INVALID_ARGUMENT, "Not A Reference");
    fails(client, "\xff", "none.tar", NULL, MCJR_KIND_INVALID_ARGUMENT, "reference is not UTF-8");

    /* The first refusal is kept. */
    CHECK(mcjr_config_set(config, "colour", "blue") == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(mcjr_config_set(config, "endpoint", "ftp://x") == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(mcjr_config_set(config, "endpoint", endpoint) == 0);
    error = NULL;
    CHECK(mcjr_client_new(config, &none, &error) == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(none == NULL && strstr(mcjr_error_message(error), "colour") != NULL);
    mcjr_error_free(error);
    CHECK(mcjr_options_set(options, "format", "zip") == MCJR_KIND_INVALID_ARGUMENT);
    fails(client, "app:v1", "none.tar", options, MCJR_KIND_INVALID_ARGUMENT, "zip");

    /* What is Java's. */
    mcjr_config_free(config);
    config = mcjr_config_new();
    mcjr_config_set(config, "endpoint", endpoint);
    mcjr_config_set(config, "provider", "callback");
    CHECK(mcjr_client_new(config, &none, NULL) == MCJR_KIND_INVALID_ARGUMENT && none == NULL);

    mcjr_options_free(options);
    mcjr_config_free(config);
    mcjr_client_free(client);
}

static void retries_are_as_told(void)
{
    mcjr_config *config = mcjr_config_new();
    mcjr_client *client = NULL;

    CHECK(mcjr_config_set(config, "endpoint", endpoint) == 0);
    CHECK(mcjr_config_set(config, "retry-attempts", "3") == 0);
    CHECK(mcjr_config_set(config, "retry-initial-delay", "1") == 0);
    CHECK(mcjr_client_new(config, &client, NULL) == 0);
    fails(client, "down:v1", "none.tar", NULL, MCJR_KIND_UNAVAILABLE, "3 attempts, after ");
    mcjr_client_free(client);
    CHECK(mcjr_config_set(config, "retry-attempts", "0") == MCJR_KIND_INVALID_ARGUMENT);
    mcjr_config_free(config);
}

static void null_is_never_a_crash(void)
{
    mcjr_client *client = new_client();
    mcjr_client *none = NULL;
    mcjr_result *result = NULL;
    mcjr_error *error = NULL;
    mcjr_config *config = mcjr_config_new();
    mcjr_options *options = mcjr_options_new();

    mcjr_config_free(NULL);
    mcjr_client_free(NULL);
    mcjr_options_free(NULL);
    mcjr_cancel_free(NULL);
    mcjr_result_free(NULL);
    mcjr_error_free(NULL);

    CHECK(mcjr_config_set(NULL, "endpoint", endpoint) == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(mcjr_options_set(NULL, "platform", "linux/amd64") == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(mcjr_options_set_progress(NULL, watch, NULL) == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(mcjr_options_set_progress(options, NULL, NULL) == 0);
    CHECK(mcjr_options_set_cancel(NULL, NULL) == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(mcjr_options_set_cancel(options, NULL) == 0);
    CHECK(mcjr_cancel_trigger(NULL) == MCJR_KIND_INVALID_ARGUMENT);

    CHECK(mcjr_client_new(NULL, &none, NULL) == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(mcjr_client_new(config, NULL, &error) == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(strcmp(mcjr_error_message(error), "client is NULL") == 0);
    mcjr_error_free(error);
    CHECK(mcjr_pull_image(NULL, "app:v1", path("n.tar"), NULL, &result, NULL) == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(mcjr_pull_image(client, NULL, path("n.tar"), NULL, &result, NULL) == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(mcjr_pull_image(client, "app:v1", NULL, NULL, &result, NULL) == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(mcjr_pull_image(client, "app:v1", path("n.tar"), NULL, NULL, NULL) == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(result == NULL && !exists("n.tar"));

    CHECK(mcjr_error_kind(NULL) == 0 && mcjr_error_http_status(NULL) == 0);
    CHECK(mcjr_error_message(NULL) == NULL && mcjr_error_cause(NULL, 0) == NULL);
    CHECK(mcjr_error_cause_count(NULL) == 0);
    CHECK(mcjr_result_saved_path(NULL) == NULL && mcjr_result_digest(NULL) == NULL);
    CHECK(mcjr_result_tag(NULL) == NULL && mcjr_result_index_digest(NULL) == NULL);
    CHECK(mcjr_result_config_digest(NULL) == NULL && mcjr_result_os(NULL) == NULL);
    CHECK(mcjr_result_architecture(NULL) == NULL && mcjr_result_variant(NULL) == NULL);
    CHECK(mcjr_result_os_version(NULL) == NULL && mcjr_result_os_features(NULL) == NULL);
    CHECK(mcjr_result_size(NULL) == 0);

    /* A NULL key or value is kept like any other refusal. */
    CHECK(mcjr_config_set(config, NULL, "x") == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(mcjr_config_set(config, "endpoint", NULL) == MCJR_KIND_INVALID_ARGUMENT);
    error = NULL;
    CHECK(mcjr_client_new(config, &none, &error) == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(strcmp(mcjr_error_message(error), "key is NULL") == 0);
    mcjr_error_free(error);

    /* Shared objects are told apart, and from pointers to anything else. */
    mcjr_cancel *cancel = mcjr_cancel_new();
    fails((mcjr_client *)cancel, "app:v1", "n.tar", NULL, MCJR_KIND_INVALID_ARGUMENT, "not the handle of a client");
    fails((mcjr_client *)config, "app:v1", "n.tar", NULL, MCJR_KIND_INVALID_ARGUMENT, "client");
    mcjr_client_free((mcjr_client *)cancel);
    CHECK(mcjr_cancel_trigger((mcjr_cancel *)client) == MCJR_KIND_INVALID_ARGUMENT);
    CHECK(mcjr_cancel_trigger(cancel) == 0);

    mcjr_cancel_free(cancel);
    mcjr_options_free(options);
    mcjr_config_free(config);
    mcjr_client_free(client);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    endpoint = argv[1];
    folder = argv[2];
    CHECK(strchr(mcjr_version(), '.') != NULL);
    null_is_never_a_crash();
    failures_say_what_is_wrong();
    retries_are_as_told();
    pulls_with_progress();
    callback_cancels();
    thread_cancels();
    client_is_freed_during_a_pull();
    threads_share_a_client();
    callback_calls_the_library();
    CHECK(mcjr_live_handles() == 0);
    printf("all is well\n");
    return 0;
}
