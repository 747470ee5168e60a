package com.salesforce.multicloudj.registry.internal;

/**
 * The native methods, and nothing else. Call {@link NativeLibrary#ensureLoaded()} before any of them.
 *
 * <p>Handles are numbers of a native table. They are never reused and never addresses: a stale one is an error or a
 * no-op, not a crash. Text crosses as UTF-8 bytes because JNI's own string encoding garbles what Java allows.
 */
final class Native {
    private Native() {}

    /** The library's version, to be compared with the jar's. */
    static native String version();

    /** Makes a client of alternating keys and values; the handle is above 0. */
    static native long clientCreate(byte[][] settings);

    /** Refuses further pulls. Idempotent, never blocks; pulls under way run to their end. */
    static native void clientClose(long client);

    /** Makes a handle that can stop a pull. */
    static native long cancelCreate();

    /** Stops the pull that was started with the handle, from any thread; nothing happens for a closed handle. */
    static native void cancelTrigger(long cancel);

    /** Gives the handle back. */
    static native void cancelClose(long cancel);

    /**
     * Pulls one image and blocks until it is done; {@code cancel} may be 0.
     *
     * @return savedPath, digest, tag, indexDigest, configDigest, os, architecture, variant, osVersion, osFeatures
     *     joined by commas, size of the tar in decimal; what does not exist is null
     */
    static native String[] pull(
            long client, long cancel, byte[] reference, byte[] destination, byte[][] options, Upcalls upcalls);

    /** How many client and cancel handles are alive; for leak tests. */
    static native long liveHandles();
}
