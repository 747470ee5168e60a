package com.salesforce.multicloudj.common.exceptions;

public class InvalidArgumentException extends SubstrateSdkException {
    private static final long serialVersionUID = 1L;

    public InvalidArgumentException(String message) {
        super(message, null, false);
    }

    public InvalidArgumentException(String message, Throwable cause) {
        super(message, cause, false);
    }
}
