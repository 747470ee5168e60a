package com.salesforce.multicloudj.common.exceptions;

public class ResourceNotFoundException extends SubstrateSdkException {
    private static final long serialVersionUID = 1L;

    public ResourceNotFoundException(String message) {
        super(message, null, false);
    }

    public ResourceNotFoundException(String message, Throwable cause) {
        super(message, cause, false);
    }
}
