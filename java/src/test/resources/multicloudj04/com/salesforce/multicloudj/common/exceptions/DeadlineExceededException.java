package com.salesforce.multicloudj.common.exceptions;

public class DeadlineExceededException extends SubstrateSdkException {
    private static final long serialVersionUID = 1L;

    public DeadlineExceededException(String message) {
        super(message, null, true);
    }

    public DeadlineExceededException(String message, Throwable cause) {
        super(message, cause, true);
    }
}
