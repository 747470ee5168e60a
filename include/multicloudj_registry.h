/* multicloudj-registry: pulls container images from registries into a tar that `docker load` accepts.
 *
 * Generated from src/ffi/c by cbindgen; do not edit.
 *
 *
 * The whole way
 *
 *     mcjr_config *config = mcjr_config_new();
 *     mcjr_config_set(config, "endpoint", "https://registry.example.com");
 *
 *     mcjr_client *client = NULL;
 *     mcjr_error *error = NULL;
 *     mcjr_result *result = NULL;
 *     if (mcjr_client_new(config, &client, &error) == 0
 *         && mcjr_pull_image(client, "team/app:1.2", "app.tar", NULL, &result, &error) == 0) {
 *         printf("%s\n", mcjr_result_digest(result));
 *     } else {
 *         fprintf(stderr, "%s\n", mcjr_error_message(error));
 *     }
 *     mcjr_result_free(result);
 *     mcjr_error_free(error);
 *     mcjr_client_free(client);
 *     mcjr_config_free(config);
 *
 *
 * Who owns what
 *
 * - The part of a function's name after mcjr_ is the type it belongs to. What mcjr_X_new(), or an output of type
 *   mcjr_X **, has given you is yours: give it back with mcjr_X_free(), once. mcjr_X_free(NULL) does nothing.
 * - Whatever you pass in is only looked at during the call, and copied if it is needed longer. The exceptions are the
 *   progress callback and its userdata: they must stay usable while a pull that has them runs.
 * - A const char * that you get belongs to the object you asked; it ends with a NUL, is UTF-8 (a path: as the system has
 *   it), and is valid until that object is freed. Do not free it.
 * - Objects do not need each other: a client outlives the configuration it was made of, a result its client.
 *
 * What functions return
 *
 * - An int is 0 for success, else one of mcjr_kind. Kinds keep their numbers for ever, and new ones may come: have a
 *   default branch.
 * - Outputs are the last parameters. *client and *result are written only on success, *error only on failure; so set the
 *   variables to NULL first, and you may free them all in the end, whatever happened. Before you use a variable for a
 *   second call, free what it holds. Pass NULL as error if you do not want the text.
 * - A NULL that must not be is MCJR_KIND_INVALID_ARGUMENT with a text that names the parameter; getters give NULL or 0.
 * - mcjr_config_set() and mcjr_options_set() keep the first refusal and let the function that uses the object fail with
 *   it, so you need not look at what they return.
 * - A bug in the library is MCJR_KIND_INTERNAL, not a crash.
 *
 * Threads
 *
 * - A mcjr_client may be used by any number of threads at a time, and so may a mcjr_cancel.
 * - Both may be freed while other threads use them, and the free functions never wait: pulls under way run to their end,
 *   later calls fail with MCJR_KIND_CLOSED, freeing twice does nothing. (They are numbers in the shape of pointers, never
 *   used again: there is no memory to misuse. Do not read through them.)
 * - All other objects are plain memory. mcjr_config and mcjr_options: threads may read the same one at a time (make
 *   clients of it, pull with it), but nobody may change or free it meanwhile. mcjr_result and mcjr_error: threads may ask
 *   the same one at a time; freeing it is for whoever is last. Freeing one of these twice is an error of the program.
 * - Callbacks run on the thread that called mcjr_pull_image(), during that call, with no lock held: they may call the
 *   library, pull another image, trigger and free cancellations and clients.
 * - The library has threads of its own from the first pull on; they hold no process open. After fork() without exec() do
 *   not use the library in the child. Nothing here may be called from a signal handler.
 *
 * Versions
 *
 * - Before 1.0 a header goes with the library of the same version: compare mcjr_version() if you load it at run time.
 */


#ifndef MULTICLOUDJ_REGISTRY_H
#define MULTICLOUDJ_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

/**
 * What went wrong, as a number that never changes its meaning. Functions return it as `int`: a later version of the
 * library may return numbers that this header does not know.
 */
enum mcjr_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing went wrong.
     */
    MCJR_KIND_OK = 0,
    /**
     * A reference, option, endpoint or destination breaks a rule, or a pointer is NULL that must not be.
     */
    MCJR_KIND_INVALID_ARGUMENT = 1,
    /**
     * The registry knows no such repository, manifest, blob or platform.
     */
    MCJR_KIND_NOT_FOUND = 2,
    /**
     * Credentials were missing, refused, or not allowed to go where they were asked for.
     */
    MCJR_KIND_UNAUTHORIZED = 3,
    /**
     * The registry asks to slow down (HTTP 429).
     */
    MCJR_KIND_RATE_LIMITED = 4,
    /**
     * The destination's file system is full.
     */
    MCJR_KIND_DISK_FULL = 5,
    /**
     * A connection or a transfer stood still for too long.
     */
    MCJR_KIND_DEADLINE_EXCEEDED = 6,
    /**
     * The registry holds something that is no image this library can pull.
     */
    MCJR_KIND_UNSUPPORTED = 7,
    /**
     * The client or the cancellation was freed before the call.
     */
    MCJR_KIND_CLOSED = 8,
    /**
     * The calling thread was interrupted; Java only.
     */
    MCJR_KIND_INTERRUPTED = 9,
    /**
     * The callback or the cancellation stopped the call.
     */
    MCJR_KIND_CANCELLED = 10,
    /**
     * Bytes do not match their digest or size.
     */
    MCJR_KIND_INTEGRITY = 11,
    /**
     * An answer does not follow the protocol.
     */
    MCJR_KIND_MALFORMED = 12,
    /**
     * The registry could not be reached, cut the connection or answered with a server error.
     */
    MCJR_KIND_UNAVAILABLE = 13,
    /**
     * A local file operation failed.
     */
    MCJR_KIND_IO = 14,
    /**
     * A bug in this library.
     */
    MCJR_KIND_INTERNAL = 15,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum mcjr_kind mcjr_kind;
#else
typedef int32_t mcjr_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The means to stop pulls from another thread. Free it with mcjr_cancel_free().
 */
typedef struct mcjr_cancel mcjr_cancel;

/**
 * A client: connections, tokens and the settings it was made with. Free it with mcjr_client_free().
 */
typedef struct mcjr_client mcjr_client;

/**
 * The settings of a client to be made. Free it with mcjr_config_free().
 */
typedef struct mcjr_config mcjr_config;

/**
 * What went wrong. Free it with mcjr_error_free().
 */
typedef struct mcjr_error mcjr_error;

/**
 * The options of pulls. Free it with mcjr_options_free().
 */
typedef struct mcjr_options mcjr_options;

/**
 * What a pull has brought. Free it with mcjr_result_free().
 */
typedef struct mcjr_result mcjr_result;

/**
 * How far one layer is.
 */
typedef struct mcjr_layer_progress {
    /**
     * The layer's digest, for example "sha256:4f53..."; valid until the callback returns.
     */
    const char *digest;
    /**
     * Bytes received so far.
     */
    uint64_t done;
    /**
     * Bytes there are.
     */
    uint64_t total;
} mcjr_layer_progress;

/**
 * How far a pull is; valid until the callback returns.
 */
typedef struct mcjr_progress {
    /**
     * Bytes received of all layers.
     */
    uint64_t done;
    /**
     * Bytes of all layers; 0 until they are known.
     */
    uint64_t total;
    /**
     * The distinct layers, in the order of the manifest; NULL until they are known.
     */
    const struct mcjr_layer_progress *layers;
    /**
     * How many layers there are.
     */
    size_t layer_count;
} mcjr_progress;

/**
 * Reports progress, on the thread that called mcjr_pull_image(), at least every 100 ms while that call runs (as far as
 * the system gives it the processor), and once more after the archive is in place.
 *
 * `userdata` is what was passed with the callback. Return 0 to go on, anything else to stop the pull with
 * ::MCJR_KIND_CANCELLED; after the last report it is too late, and the answer is ignored. The callback may call this
 * library. It must not leave by longjmp() or an exception.
 */
typedef int (*mcjr_progress_fn)(void *userdata, const struct mcjr_progress *progress);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of this library, for example "0.1.0".
 */
const char *mcjr_version(void);

/**
 * How many clients and cancellations there are that have not been freed, for tests that look for leaks. (Checkers like
 * ASan cannot see them: the library keeps them in a table.)
 */
size_t mcjr_live_handles(void);

/**
 * Makes an empty configuration; it serves for any registry, anonymously.
 */
struct mcjr_config *mcjr_config_new(void);

/**
 * Sets one key, for example `mcjr_config_set(config, "endpoint", "https://registry.example.com")`.
 * The keys are listed in docs/settings.md; key and value are UTF-8 and copied.
 *
 * Returns 0, or the kind of what is wrong with it. The first refusal is kept: mcjr_client_new() then fails with its
 * text, so a caller may set many keys and look once.
 *
 * Required:
 * `config` is NULL or a configuration that has not been freed and that no other thread uses; `key` and `value` are NULL
 * or strings that end with a NUL.
 */
int mcjr_config_set(struct mcjr_config *config, const char *key, const char *value);

/**
 * Frees a configuration. NULL is fine; clients made of it stay.
 *
 * Required:
 * `config` is NULL or a configuration that has not been freed and that no other thread uses.
 */
void mcjr_config_free(struct mcjr_config *config);

/**
 * Makes a client of a configuration, which is copied. Reads the certificates it names, and of the environment what it
 * leaves open (HTTPS_PROXY and NO_PROXY, see docs/network.md); no network.
 *
 * Returns 0 and writes `*client`, or returns the kind and writes `*error` (unless `error` is NULL).
 *
 * Required:
 * `config` is NULL or a configuration that has not been freed and that no other thread changes; `client` and `error` are
 * NULL or can be written to.
 */
int mcjr_client_new(const struct mcjr_config *config,
                    struct mcjr_client **client,
                    struct mcjr_error **error);

/**
 * Frees a client, from any thread and at any time; never waits. Pulls that have begun run to their end, later ones
 * fail with ::MCJR_KIND_CLOSED. NULL is fine, and so is a client that was freed before.
 */
void mcjr_client_free(struct mcjr_client *client);

/**
 * The kind of the error, one of ::mcjr_kind; 0 for NULL.
 *
 * Required:
 * `error` is NULL or an error that has not been freed.
 */
int mcjr_error_kind(const struct mcjr_error *error);

/**
 * What was done to what, and why it failed: one line of text in UTF-8 that belongs to the error; NULL for NULL.
 *
 * Required:
 * `error` is NULL or an error that has not been freed.
 */
const char *mcjr_error_message(const struct mcjr_error *error);

/**
 * The HTTP status of the answer that led to the error, or 0.
 *
 * Required:
 * `error` is NULL or an error that has not been freed.
 */
int mcjr_error_http_status(const struct mcjr_error *error);

/**
 * How many causes the error has that its message does not mention.
 *
 * Required:
 * `error` is NULL or an error that has not been freed.
 */
size_t mcjr_error_cause_count(const struct mcjr_error *error);

/**
 * The text of one cause, nearest first; NULL if there are not so many. It belongs to the error.
 *
 * Required:
 * `error` is NULL or an error that has not been freed.
 */
const char *mcjr_error_cause(const struct mcjr_error *error, size_t index);

/**
 * Frees an error and its texts. NULL is fine.
 *
 * Required:
 * `error` is NULL or an error that has not been freed.
 */
void mcjr_error_free(struct mcjr_error *error);

/**
 * Makes empty options.
 */
struct mcjr_options *mcjr_options_new(void);

/**
 * Sets one key, for example `mcjr_options_set(options, "platform", "linux/arm64")`.
 * The keys are listed in docs/settings.md; key and value are UTF-8 and copied.
 *
 * Returns 0, or the kind of what is wrong with it. The first refusal is kept: mcjr_pull_image() then fails with its
 * text, so a caller may set many keys and look once.
 *
 * Required:
 * `options` is NULL or options that have not been freed and that no other thread uses; `key` and `value` are NULL or
 * strings that end with a NUL.
 */
int mcjr_options_set(struct mcjr_options *options, const char *key, const char *value);

/**
 * Sets the callback that progress is reported to; NULL for none.
 *
 * Returns 0, or ::MCJR_KIND_INVALID_ARGUMENT if `options` is NULL.
 *
 * Required:
 * `options` is NULL or options that have not been freed and that no other thread uses; `callback` can be called with
 * `userdata` on every thread that pulls with the options, for as long as such a pull runs.
 */
int mcjr_options_set_progress(struct mcjr_options *options, mcjr_progress_fn callback, void *userdata);

/**
 * Lets `cancel` stop the pulls that are made with the options; NULL for none. The options keep what they need:
 * `cancel` may be freed before they are.
 *
 * Returns 0, or the kind of what is wrong with it, kept as by mcjr_options_set().
 *
 * Required:
 * `options` is NULL or options that have not been freed and that no other thread uses.
 */
int mcjr_options_set_cancel(struct mcjr_options *options, const struct mcjr_cancel *cancel);

/**
 * Frees options. NULL is fine.
 *
 * Required:
 * `options` is NULL or options that have not been freed and that no other thread uses.
 */
void mcjr_options_free(struct mcjr_options *options);

/**
 * Makes a cancellation that has not been triggered.
 */
struct mcjr_cancel *mcjr_cancel_new(void);

/**
 * Stops every pull that was given the cancellation, those that are made later too; from any thread, but not from a
 * signal handler. Never waits: the pulls return ::MCJR_KIND_CANCELLED a moment later.
 *
 * Returns 0, also if it was triggered or freed before, or ::MCJR_KIND_INVALID_ARGUMENT if `cancel` is NULL or something
 * else.
 */
int mcjr_cancel_trigger(const struct mcjr_cancel *cancel);

/**
 * Frees a cancellation, from any thread and at any time; triggers nothing. NULL is fine, and so is a cancellation that
 * was freed before.
 */
void mcjr_cancel_free(struct mcjr_cancel *cancel);

/**
 * Pulls the image that `reference` names into a tar at `destination`, and returns when that is done.
 *
 * `reference` is UTF-8, for example "docker.io/library/alpine:3.20"; `destination` is a path as the system has it, of
 * nothing or of a regular file. The archive appears whole or not at all; until it does, an existing file stays as it
 * is. `options` may be NULL.
 *
 * Returns 0 and writes `*result`, or returns the kind and writes `*error` (unless `error` is NULL).
 *
 * Required:
 * `options` is NULL or options that have not been freed and that nobody changes during the call; `reference` and
 * `destination` are NULL or strings that end with a NUL; `result` and `error` are NULL or can be written to.
 */
int mcjr_pull_image(const struct mcjr_client *client,
                    const char *reference,
                    const char *destination,
                    const struct mcjr_options *options,
                    struct mcjr_result **result,
                    struct mcjr_error **error);

/**
 * The archive's path, as `destination` named it. Like all texts of a result it belongs to the result; NULL for NULL.
 *
 * Required:
 * `result` is NULL or a result that has not been freed.
 */
const char *mcjr_result_saved_path(const struct mcjr_result *result);

/**
 * The digest of the image manifest.
 *
 * Required:
 * `result` is NULL or a result that has not been freed.
 */
const char *mcjr_result_digest(const struct mcjr_result *result);

/**
 * The reference's tag; NULL if it had none.
 *
 * Required:
 * `result` is NULL or a result that has not been freed.
 */
const char *mcjr_result_tag(const struct mcjr_result *result);

/**
 * The digest of the index that the reference named; NULL if it named an image.
 *
 * Required:
 * `result` is NULL or a result that has not been freed.
 */
const char *mcjr_result_index_digest(const struct mcjr_result *result);

/**
 * The digest of the image config, which is Docker's image ID.
 *
 * Required:
 * `result` is NULL or a result that has not been freed.
 */
const char *mcjr_result_config_digest(const struct mcjr_result *result);

/**
 * The operating system of the image, for example "linux".
 *
 * Required:
 * `result` is NULL or a result that has not been freed.
 */
const char *mcjr_result_os(const struct mcjr_result *result);

/**
 * The architecture of the image, for example "amd64".
 *
 * Required:
 * `result` is NULL or a result that has not been freed.
 */
const char *mcjr_result_architecture(const struct mcjr_result *result);

/**
 * The variant of the architecture, for example "v8"; NULL if the image names none.
 *
 * Required:
 * `result` is NULL or a result that has not been freed.
 */
const char *mcjr_result_variant(const struct mcjr_result *result);

/**
 * The version of the operating system; NULL if the image names none.
 *
 * Required:
 * `result` is NULL or a result that has not been freed.
 */
const char *mcjr_result_os_version(const struct mcjr_result *result);

/**
 * The features of the operating system that the image needs, separated by commas; NULL if it names none.
 *
 * Required:
 * `result` is NULL or a result that has not been freed.
 */
const char *mcjr_result_os_features(const struct mcjr_result *result);

/**
 * The size of the archive in bytes; 0 for NULL.
 *
 * Required:
 * `result` is NULL or a result that has not been freed.
 */
uint64_t mcjr_result_size(const struct mcjr_result *result);

/**
 * Frees a result and its texts. NULL is fine.
 *
 * Required:
 * `result` is NULL or a result that has not been freed.
 */
void mcjr_result_free(struct mcjr_result *result);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MULTICLOUDJ_REGISTRY_H */
