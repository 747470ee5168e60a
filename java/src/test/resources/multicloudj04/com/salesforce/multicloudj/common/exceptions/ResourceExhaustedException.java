package com.salesforce.multicloudj.common.exceptions;

public class ResourceExhaustedException extends SubstrateSdkException {
    private static final long serialVersionUID = 1L;

    public ResourceExhaustedException(String message) {
        super(message, null, true);
    }

    public ResourceExhaustedException(String message, Throwable cause) {
        super(message, cause, true);
    }
}
