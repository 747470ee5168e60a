package com.salesforce.multicloudj.common.exceptions;

public class UnknownException extends SubstrateSdkException {
    private static final long serialVersionUID = 1L;

    public UnknownException(String message) {
        super(message, null, true);
    }

    public UnknownException(String message, Throwable cause) {
        super(message, cause, true);
    }
}
