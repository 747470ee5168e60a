package com.salesforce.multicloudj.registry.client;

import com.salesforce.multicloudj.common.exceptions.FailedPreconditionException;
import com.salesforce.multicloudj.registry.driver.AbstractRegistry;
import com.salesforce.multicloudj.registry.internal.Cancellation;
import com.salesforce.multicloudj.registry.internal.Failures;
import com.salesforce.multicloudj.registry.internal.NativeClient;
import com.salesforce.multicloudj.registry.model.ImageMetadata;
import com.salesforce.multicloudj.registry.model.PullResult;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Pulls container images into tars that {@code docker load} accepts.
 *
 * <pre>{@code
 * try (RepositoryClient client = RepositoryClient.builder("oci")
 *         .withEndpoint(URI.create("https://registry.example.com"))
 *         .withRepository("my-team")
 *         .build()) {
 *     PullResult result = client.pullImage("my-image:latest", Paths.get("image.tar"));
 * }
 * }</pre>
 *
 * <p>A client may be used by many threads at once. It keeps connections and tokens, so pull several images with one.
 *
 * <p>Failures are subclasses of {@code SubstrateSdkException}:
 *
 * <table>
 *   <caption>What is thrown when</caption>
 *   <tr><th>exception</th><th>when</th></tr>
 *   <tr><td>{@code InvalidArgumentException}</td><td>a reference, option, endpoint or destination breaks a rule</td></tr>
 *   <tr><td>{@code ResourceNotFoundException}</td><td>no such image, or none for the platform</td></tr>
 *   <tr><td>{@code UnAuthorizedException}</td><td>credentials are missing or refused, or the provider has none</td></tr>
 *   <tr><td>{@code ResourceExhaustedException}</td><td>the registry asks to slow down, or the disk is full</td></tr>
 *   <tr><td>{@code DeadlineExceededException}</td><td>a connection or transfer stands still for too long</td></tr>
 *   <tr><td>{@code UnSupportedOperationException}</td><td>the registry has something that is no image, or one in the old
 *       schema 1</td></tr>
 *   <tr><td>{@code FailedPreconditionException}</td><td>the client is closed</td></tr>
 *   <tr><td>{@code UnknownException}</td><td>everything else: the connection fails, a digest does not match, the
 *       destination cannot be written; after an interrupt with an {@code InterruptedException} as its cause</td></tr>
 * </table>
 *
 * <p>What a progress listener throws, and what a provider written in Java throws unchecked, leaves the pull as the same
 * object. After any failure the destination is as it was before, and no temporary file is left.
 */
public final class RepositoryClient implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(RepositoryClient.class.getName());

    private final NativeClient engine;

    /** The provider written in Java that this client owns, or null. */
    private final AbstractRegistry provider;

    /**
     * Who still needs the provider: the open client counts one, each pull one. The race this settles: close() while a
     * pull runs that may yet have to ask the provider. Whoever takes the count to 0 closes the provider; nobody waits.
     */
    private final AtomicInteger users = new AtomicInteger(1);

    private final AtomicBoolean closed = new AtomicBoolean();

    RepositoryClient(NativeClient engine, AbstractRegistry provider) {
        this.engine = engine;
        this.provider = provider;
    }

    /**
     * Starts a client.
     *
     * @param providerId {@code oci} for any registry, or the id of a provider found by {@code ServiceLoader}
     * @return a builder
     * @throws com.salesforce.multicloudj.common.exceptions.InvalidArgumentException if the id is null or empty
     */
    public static RepositoryClientBuilder builder(String providerId) {
        return new RepositoryClientBuilder(providerId);
    }

    /**
     * Pulls an image with the default options. Blocks until the tar is complete.
     *
     * @param imageRef {@code [host/]repository[:tag][@digest]}
     * @param destination the tar to write: a new file, or a regular file that is replaced at the end
     * @return where the tar is and what is in it
     * @throws com.salesforce.multicloudj.common.exceptions.SubstrateSdkException as the class comment lists
     */
    public PullResult pullImage(String imageRef, Path destination) {
        return pullImage(imageRef, destination, null);
    }

    /**
     * Pulls an image. Blocks until the tar is complete.
     *
     * <p>An interrupt of the calling thread ends the pull within 200 ms; the thread's interrupt flag stays set. If the tar
     * was complete by then, the result is returned all the same.
     *
     * @param imageRef {@code [host/]repository[:tag][@digest]}
     * @param destination the tar to write: a new file, or a regular file that is replaced at the end
     * @param options null for the defaults
     * @return where the tar is and what is in it
     * @throws com.salesforce.multicloudj.common.exceptions.SubstrateSdkException as the class comment lists
     */
    public PullResult pullImage(String imageRef, Path destination, PullOptions options) {
        return pull(imageRef, destination, options, null);
    }

    /**
     * Pulls an image with the default options on a thread of its own.
     *
     * @param imageRef as for {@link #pullImage(String, Path)}
     * @param destination as for {@link #pullImage(String, Path)}
     * @return as {@link #pullImageAsync(String, Path, PullOptions)}
     */
    public CompletableFuture<PullResult> pullImageAsync(String imageRef, Path destination) {
        return pullImageAsync(imageRef, destination, null);
    }

    /**
     * Pulls an image on a daemon thread of its own, which has the caller's context class loader.
     *
     * @param imageRef as for {@link #pullImage(String, Path)}
     * @param destination as for {@link #pullImage(String, Path)}
     * @param options null for the defaults
     * @return completes as {@link #pullImage(String, Path, PullOptions)} returns or throws; cancelling it, or completing
     *     it from outside in any way, stops the pull
     */
    public CompletableFuture<PullResult> pullImageAsync(String imageRef, Path destination, PullOptions options) {
        return pullImageAsync(imageRef, destination, options, PullThreads::start);
    }

    /**
     * Pulls an image as a task of {@code executor}, which it occupies until the pull is over.
     *
     * @param imageRef as for {@link #pullImage(String, Path)}
     * @param destination as for {@link #pullImage(String, Path)}
     * @param options null for the defaults
     * @param executor runs the pull, and calls the listener and a provider written in Java
     * @return as {@link #pullImageAsync(String, Path, PullOptions)}
     * @throws java.util.concurrent.RejectedExecutionException if the executor refuses the task
     */
    public CompletableFuture<PullResult> pullImageAsync(
            String imageRef, Path destination, PullOptions options, Executor executor) {
        if (executor == null) {
            throw Failures.invalid("pull \"" + imageRef + "\": the executor is null");
        }
        CompletableFuture<PullResult> future = new CompletableFuture<>();
        Cancellation cancellation = new Cancellation();
        // However the future ends: after the pull's own end this does nothing.
        future.whenComplete((result, failure) -> cancellation.trigger());
        executor.execute(() -> {
            if (future.isDone()) {
                return;
            }
            try {
                future.complete(pull(imageRef, destination, options, cancellation));
            } catch (Throwable e) {
                future.completeExceptionally(e);
            }
        });
        return future;
    }

    /**
     * Refuses further pulls and returns at once; pulls under way run to their end. Closing twice does nothing.
     */
    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            engine.close();
            leave();
        }
    }

    private PullResult pull(String imageRef, Path destination, PullOptions options, Cancellation cancellation) {
        if (imageRef == null) {
            throw Failures.invalid("pull: the image reference is null");
        }
        if (destination == null) {
            throw Failures.invalid("pull \"" + imageRef + "\": the destination is null");
        }
        PullOptions how = options == null ? PullOptions.DEFAULT : options;
        enter(imageRef);
        try {
            PullUpcalls upcalls = new PullUpcalls(how.getProgressListener(), provider);
            return result(destination, engine.pull(imageRef, destination, how.toNative(), upcalls, cancellation));
        } finally {
            leave();
        }
    }

    private void enter(String imageRef) {
        boolean open = users.getAndUpdate(count -> count == 0 ? 0 : count + 1) > 0;
        if (open && closed.get()) {
            open = false;
            leave();
        }
        if (!open) {
            throw new FailedPreconditionException("pull \"" + imageRef + "\": the client is closed");
        }
    }

    private void leave() {
        if (users.decrementAndGet() == 0 && provider != null) {
            try {
                provider.close();
            } catch (RuntimeException e) {
                // Not thrown: it would take the result away from the pull that happened to be the last one.
                LOG.log(System.Logger.Level.WARNING, "close provider " + provider.getProviderId() + ": " + e, e);
            }
        }
    }

    /** Reads the facts in the order that {@code Native.pull} documents. */
    private static PullResult result(Path destination, String[] facts) {
        return PullResult.builder()
                .savedPath(destination.toString())
                .metadata(ImageMetadata.builder()
                        .digest(facts[1])
                        .tag(facts[2])
                        .indexDigest(facts[3])
                        .configDigest(facts[4])
                        .platform(PlatformKeys.read(facts[5], facts[6], facts[7], facts[8], facts[9]))
                        .size(Long.parseLong(facts[10]))
                        .build())
                .build();
    }
}
