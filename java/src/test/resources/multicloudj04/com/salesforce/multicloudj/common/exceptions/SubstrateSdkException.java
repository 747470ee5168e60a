package com.salesforce.multicloudj.common.exceptions;

public class SubstrateSdkException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final boolean retryable;

    public SubstrateSdkException(String message) {
        this(message, null, false);
    }

    public SubstrateSdkException(String message, Throwable cause) {
        this(message, cause, false);
    }

    protected SubstrateSdkException(String message, Throwable cause, boolean retryable) {
        super(message, cause);
        this.retryable = retryable;
    }

    public boolean isRetryable() {
        return retryable;
    }
}
