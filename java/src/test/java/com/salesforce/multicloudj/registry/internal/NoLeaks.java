package com.salesforce.multicloudj.registry.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** After each test: no client or cancellation is alive in the native library, and no interrupt is left over. */
public final class NoLeaks implements AfterEachCallback {
    @Override
    public void afterEach(ExtensionContext context) {
        assertFalse(Thread.interrupted(), "the test left its thread interrupted");
        assertEquals(0, Handles.live(), "native handles that are still alive");
    }
}
