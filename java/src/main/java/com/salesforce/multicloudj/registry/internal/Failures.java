package com.salesforce.multicloudj.registry.internal;

import com.salesforce.multicloudj.common.exceptions.DeadlineExceededException;
import com.salesforce.multicloudj.common.exceptions.FailedPreconditionException;
import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.common.exceptions.ResourceExhaustedException;
import com.salesforce.multicloudj.common.exceptions.ResourceNotFoundException;
import com.salesforce.multicloudj.common.exceptions.UnAuthorizedException;
import com.salesforce.multicloudj.common.exceptions.UnSupportedOperationException;
import com.salesforce.multicloudj.common.exceptions.UnknownException;
import java.util.concurrent.CancellationException;

/**
 * The table from native error kinds to MultiCloudJ's exceptions.
 *
 * <p>Only the constructors {@code (String)} and {@code (String, Throwable)} are used: both the 0.2 and the 0.4 line
 * have them. On the 0.4 line exceptions have {@code isRetryable()}, and its default is true for some classes whose
 * failure here is not worth a second try (a full disk, a wrong digest). Those get a subclass with that method, without
 * {@code @Override} because the 0.2 line has nothing to override.
 */
public final class Failures {
    static final int INVALID_ARGUMENT = 1;
    static final int NOT_FOUND = 2;
    static final int UNAUTHORIZED = 3;
    static final int RATE_LIMITED = 4;
    static final int DISK_FULL = 5;
    static final int DEADLINE_EXCEEDED = 6;
    static final int UNSUPPORTED = 7;
    static final int CLOSED = 8;
    static final int INTERRUPTED = 9;
    static final int CANCELLED = 10;
    static final int INTEGRITY = 11;
    static final int MALFORMED = 12;
    static final int UNAVAILABLE = 13;
    static final int IO = 14;
    static final int INTERNAL = 15;

    private Failures() {}

    /**
     * The exception that a caller sees; after an interrupt, the thread's flag is set again.
     *
     * @param failure what the native library threw
     * @return a {@code SubstrateSdkException}, or a {@code CancellationException}
     */
    static RuntimeException translate(NativeException failure) {
        String message = failure.getMessage();
        Throwable cause = chain(failure.causes());
        switch (failure.kind()) {
            case INVALID_ARGUMENT:
                return new InvalidArgumentException(message, cause);
            case NOT_FOUND:
                return new ResourceNotFoundException(message, cause);
            case UNAUTHORIZED:
                return new UnAuthorizedException(message, cause);
            case RATE_LIMITED:
                return new ResourceExhaustedException(message, cause);
            case DISK_FULL:
                return new FinalResourceExhaustedException(message, cause);
            case DEADLINE_EXCEEDED:
                return new DeadlineExceededException(message, cause);
            case UNSUPPORTED:
                return new UnSupportedOperationException(message, cause);
            case CLOSED:
                return new FailedPreconditionException(message, cause);
            case INTERRUPTED:
                // The native wait took the flag away; the caller's own code must still see it.
                Thread.currentThread().interrupt();
                return new FinalUnknownException(message, new InterruptedException(message));
            case CANCELLED:
                return (CancellationException) new CancellationException(message).initCause(cause);
            case UNAVAILABLE:
                return new UnknownException(message, cause);
            case INTEGRITY:
            case MALFORMED:
            case IO:
            case INTERNAL:
            default:
                return new FinalUnknownException(message, cause);
        }
    }

    /**
     * An argument that breaks a rule.
     *
     * @param message the rule and the argument
     * @return the exception to throw
     */
    public static InvalidArgumentException invalid(String message) {
        return new InvalidArgumentException(message);
    }

    /** The same with what led to it. */
    static InvalidArgumentException invalid(String message, Throwable cause) {
        return new InvalidArgumentException(message, cause);
    }

    /**
     * A failure that has no class of its own and is not worth a second try.
     *
     * @param message what failed
     * @param cause why, or null
     * @return the exception to throw
     */
    public static UnknownException unknown(String message, Throwable cause) {
        return new FinalUnknownException(message, cause);
    }

    private static Throwable chain(String[] causes) {
        Throwable chain = null;
        for (int i = causes.length - 1; i >= 0; i--) {
            chain = new NativeCause(causes[i], chain);
        }
        return chain;
    }

    /** A cause inside the native library: a text, and no Java stack that would be true. */
    private static final class NativeCause extends Exception {
        private static final long serialVersionUID = 1L;

        NativeCause(String message, Throwable cause) {
            super(message, cause, false, false);
        }

        @Override
        public String toString() {
            return getMessage();
        }
    }

    private static final class FinalUnknownException extends UnknownException {
        private static final long serialVersionUID = 1L;

        FinalUnknownException(String message, Throwable cause) {
            super(message, cause);
        }

        @SuppressWarnings("unused") // overrides a method of the 0.4 line
        public boolean isRetryable() {
            return false;
        }
    }

    private static final class FinalResourceExhaustedException extends ResourceExhaustedException {
        private static final long serialVersionUID = 1L;

        FinalResourceExhaustedException(String message, Throwable cause) {
            super(message, cause);
        }

        @SuppressWarnings("unused") // overrides a method of the 0.4 line
        public boolean isRetryable() {
            return false;
        }
    }
}
