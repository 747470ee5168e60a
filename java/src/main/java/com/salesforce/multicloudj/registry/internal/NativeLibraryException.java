package com.salesforce.multicloudj.registry.internal;

import com.salesforce.multicloudj.common.exceptions.SubstrateSdkException;

/** The native library could not be loaded; the message names the platform, the places tried and what to do. */
public final class NativeLibraryException extends SubstrateSdkException {
    private static final long serialVersionUID = 1L;

    NativeLibraryException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * Loading is tried once per class loader, so another try would fail the same way.
     *
     * @return false
     */
    public boolean isRetryable() {
        return false;
    }
}
