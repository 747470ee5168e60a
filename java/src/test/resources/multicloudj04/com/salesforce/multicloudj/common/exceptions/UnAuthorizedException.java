package com.salesforce.multicloudj.common.exceptions;

public class UnAuthorizedException extends SubstrateSdkException {
    private static final long serialVersionUID = 1L;

    public UnAuthorizedException(String message) {
        super(message, null, false);
    }

    public UnAuthorizedException(String message, Throwable cause) {
        super(message, cause, false);
    }
}
