package com.salesforce.multicloudj.registry.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.DeadlineExceededException;
import com.salesforce.multicloudj.common.exceptions.FailedPreconditionException;
import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.common.exceptions.ResourceExhaustedException;
import com.salesforce.multicloudj.common.exceptions.ResourceNotFoundException;
import com.salesforce.multicloudj.common.exceptions.UnAuthorizedException;
import com.salesforce.multicloudj.common.exceptions.UnSupportedOperationException;
import com.salesforce.multicloudj.common.exceptions.UnknownException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FailuresTest {
    /** Kind, exception, and whether it must say that another try is no use. */
    static Arguments[] table() {
        return new Arguments[] {
            Arguments.of(1, InvalidArgumentException.class, false),
            Arguments.of(2, ResourceNotFoundException.class, false),
            Arguments.of(3, UnAuthorizedException.class, false),
            Arguments.of(4, ResourceExhaustedException.class, false),
            Arguments.of(5, ResourceExhaustedException.class, true),
            Arguments.of(6, DeadlineExceededException.class, false),
            Arguments.of(7, UnSupportedOperationException.class, false),
            Arguments.of(8, FailedPreconditionException.class, false),
            Arguments.of(9, UnknownException.class, true),
            Arguments.of(10, CancellationException.class, false),
            Arguments.of(11, UnknownException.class, true),
            Arguments.of(12, UnknownException.class, true),
            Arguments.of(13, UnknownException.class, false),
            Arguments.of(14, UnknownException.class, true),
            Arguments.of(15, UnknownException.class, true),
            Arguments.of(999, UnknownException.class, true),
        };
    }

    @AfterEach
    void clearTheFlag() {
        Thread.interrupted();
    }

    @ParameterizedTest(name = "kind {0} is {1}")
    @MethodSource("table")
    void eachKindHasItsException(int kind, Class<?> expected, boolean isFinal) throws Exception {
        RuntimeException e = Failures.translate(new NativeException(kind, 0, "pull app: no", new String[0]));
        assertInstanceOf(expected, e);
        assertEquals("pull app: no", e.getMessage());
        if (isFinal) {
            // What the 0.4 line would call.
            var isRetryable = e.getClass().getMethod("isRetryable");
            isRetryable.setAccessible(true);
            assertEquals(false, isRetryable.invoke(e));
        } else {
            assertEquals(expected, e.getClass(), "its own default of isRetryable() is right");
        }
    }

    @Test
    void causesBecomeAChain() {
        RuntimeException e =
                Failures.translate(new NativeException(13, 0, "pull app: x", new String[] {"outer", "inner"}));
        assertEquals("outer", e.getCause().getMessage());
        assertEquals("inner", e.getCause().getCause().getMessage());
        assertNull(e.getCause().getCause().getCause());
        StringWriter trace = new StringWriter();
        e.printStackTrace(new PrintWriter(trace));
        assertTrue(trace.toString().contains("Caused by: inner"), trace.toString());
    }

    @Test
    void anInterruptSetsTheFlagAgain() {
        RuntimeException e = Failures.translate(new NativeException(9, 0, "pull app: interrupted", new String[0]));
        assertInstanceOf(InterruptedException.class, e.getCause());
        assertTrue(Thread.interrupted());
    }

    @Test
    void nothingElseTouchesTheFlag() {
        Failures.translate(new NativeException(6, 0, "pull app: late", null));
        assertFalse(Thread.interrupted());
    }

    @Test
    void theStackIsTheCallers() {
        RuntimeException e = Failures.translate(new NativeException(2, 404, "pull app: no", null));
        assertEquals(FailuresTest.class.getName(), e.getStackTrace()[1].getClassName());
    }
}
