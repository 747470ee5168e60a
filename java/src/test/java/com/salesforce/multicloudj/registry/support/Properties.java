package com.salesforce.multicloudj.registry.support;

import java.util.HashMap;
import java.util.Map;

/** System properties for a while: those that were there before are back when it is closed. */
public final class Properties implements AutoCloseable {
    private final Map<String, String> before = new HashMap<>();

    /** Sets a property; null takes it away. */
    public Properties set(String name, String value) {
        String old = value == null ? System.clearProperty(name) : System.setProperty(name, value);
        // The first one, which may be that there was none.
        if (!before.containsKey(name)) {
            before.put(name, old);
        }
        return this;
    }

    @Override
    public void close() {
        before.forEach((name, value) -> {
            if (value == null) {
                System.clearProperty(name);
            } else {
                System.setProperty(name, value);
            }
        });
    }
}
