package com.salesforce.multicloudj.common.exceptions;

public class UnSupportedOperationException extends SubstrateSdkException {
    private static final long serialVersionUID = 1L;

    public UnSupportedOperationException(String message) {
        super(message, null, false);
    }

    public UnSupportedOperationException(String message, Throwable cause) {
        super(message, cause, false);
    }
}
