package com.salesforce.multicloudj.common.exceptions;

public class FailedPreconditionException extends SubstrateSdkException {
    private static final long serialVersionUID = 1L;

    public FailedPreconditionException(String message) {
        super(message, null, false);
    }

    public FailedPreconditionException(String message, Throwable cause) {
        super(message, cause, false);
    }
}
