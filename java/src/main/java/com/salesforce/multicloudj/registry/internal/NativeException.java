package com.salesforce.multicloudj.registry.internal;

/** What the native library throws; {@link Failures} makes the exception of it that callers see. */
public final class NativeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int kind;
    private final int httpStatus;
    private final transient String[] causes;

    /**
     * Called by the native library.
     *
     * @param kind one of the numbers in {@link Failures}
     * @param httpStatus the status of the answer that led here, or 0
     * @param message what was done to what, and why it failed
     * @param causes the texts of the causes, nearest first
     */
    public NativeException(int kind, int httpStatus, String message, String[] causes) {
        // The stack of the exception that callers see is taken when that one is made.
        super(message, null, false, false);
        this.kind = kind;
        this.httpStatus = httpStatus;
        this.causes = causes == null ? new String[0] : causes.clone();
    }

    int kind() {
        return kind;
    }

    int httpStatus() {
        return httpStatus;
    }

    String[] causes() {
        return causes.clone();
    }
}
