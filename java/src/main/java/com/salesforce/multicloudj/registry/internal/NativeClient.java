package com.salesforce.multicloudj.registry.internal;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Map;

/**
 * A client of the native library.
 *
 * <p>Who frees what, when a close races a pull: nobody here. The handle is a number; the native side keeps its client
 * alive for as long as a call uses it, and answers a call that comes after the close with an error. So no lock and no
 * counter is needed on this side. A client that was never closed is closed when it is collected.
 */
public final class NativeClient implements AutoCloseable {
    private static final int FACTS = 11;
    private static final Cleaner CLEANER = Cleaner.create();

    private final long handle;
    private final Cleaner.Cleanable cleanable;

    /**
     * Loads the native library if need be, and makes a client.
     *
     * @param settings the keys that {@code docs} list
     * @throws NativeLibraryException if the native library cannot be loaded
     * @throws com.salesforce.multicloudj.common.exceptions.SubstrateSdkException if a setting is refused
     */
    public NativeClient(Map<String, String> settings) {
        byte[][] pairs = Text.pairs(settings);
        NativeLibrary.ensureLoaded();
        try {
            handle = Native.clientCreate(pairs);
        } catch (NativeException e) {
            throw Failures.translate(e);
        }
        cleanable = CLEANER.register(this, new Close(handle));
    }

    /**
     * Pulls an image; blocks.
     *
     * @param reference what to pull
     * @param destination where to
     * @param options the keys of one pull
     * @param upcalls called on this thread
     * @param cancellation stops the pull from another thread; null if nobody will
     * @return the {@value #FACTS} facts of {@link Native#pull}
     */
    public String[] pull(
            String reference,
            Path destination,
            Map<String, String> options,
            Upcalls upcalls,
            Cancellation cancellation) {
        byte[] name = Text.utf8("the reference", reference);
        byte[] path = Text.path("the destination", destination);
        byte[][] pairs = Text.pairs(options);
        long cancel = cancellation == null ? 0 : cancellation.open();
        try {
            String[] facts = Native.pull(handle, cancel, name, path, pairs, upcalls);
            if (facts == null || facts.length != FACTS) {
                // The native side returns null only if it could not even throw.
                throw Failures.unknown("pull " + reference + ": bug in the native library, it gave no result", null);
            }
            return facts;
        } catch (NativeException e) {
            throw Failures.translate(e);
        } finally {
            if (cancellation != null) {
                cancellation.close();
            }
            // Until here this object is in use, so the cleaner cannot have closed the handle under the call.
            Reference.reachabilityFence(this);
        }
    }

    /** Refuses further pulls; those under way run to their end. */
    @Override
    public void close() {
        cleanable.clean();
    }

    /** Has no reference to the client, which would otherwise never be collected. */
    private static final class Close implements Runnable {
        private final long handle;

        Close(long handle) {
            this.handle = handle;
        }

        @Override
        public void run() {
            Native.clientClose(handle);
        }
    }
}
