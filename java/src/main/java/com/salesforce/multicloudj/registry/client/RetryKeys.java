package com.salesforce.multicloudj.registry.client;

import com.salesforce.multicloudj.common.retries.RetryConfig;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** MultiCloudJ's rules for retries as the engine's keys. */
final class RetryKeys {
    private static final List<String> KEYS = List.of(
            "retry-mode", "retry-attempts", "retry-initial-delay", "retry-multiplier", "retry-max-delay",
            "retry-fixed-delay", "attempt-timeout", "total-timeout");

    private RetryKeys() {}

    /** Puts {@code config} into {@code keys} in place of an earlier one; what it leaves open keeps its default. */
    static void put(Map<String, String> keys, RetryConfig config) {
        remove(keys);
        if (config.getMode() != null) {
            keys.put("retry-mode", config.getMode().name().toLowerCase(Locale.ROOT));
        }
        put(keys, "retry-attempts", config.getMaxAttempts());
        put(keys, "retry-initial-delay", config.getInitialDelayMillis());
        put(keys, "retry-multiplier", config.getMultiplier());
        put(keys, "retry-max-delay", config.getMaxDelayMillis());
        put(keys, "retry-fixed-delay", config.getFixedDelayMillis());
        put(keys, "attempt-timeout", config.getAttemptTimeout());
        put(keys, "total-timeout", config.getTotalTimeout());
    }

    static void remove(Map<String, String> keys) {
        keys.keySet().removeAll(KEYS);
    }

    /** RetryConfig's builder leaves a zero where nothing was set. */
    private static void put(Map<String, String> keys, String key, Number value) {
        if (value != null && value.doubleValue() != 0) {
            keys.put(key, value.toString());
        }
    }
}
