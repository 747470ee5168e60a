package com.salesforce.multicloudj.registry.internal;

/** The native library's count of handles, for tests in other packages. */
public final class Handles {
    private Handles() {}

    /** How many clients and cancellations are alive. */
    public static long live() {
        NativeLibrary.ensureLoaded();
        return Native.liveHandles();
    }
}
