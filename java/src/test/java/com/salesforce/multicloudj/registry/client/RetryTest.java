package com.salesforce.multicloudj.registry.client;

import static com.salesforce.multicloudj.registry.support.Pulls.assertFiles;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.DeadlineExceededException;
import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.common.exceptions.ResourceNotFoundException;
import com.salesforce.multicloudj.common.exceptions.SubstrateSdkException;
import com.salesforce.multicloudj.common.exceptions.UnknownException;
import com.salesforce.multicloudj.common.retries.RetryConfig;
import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** MultiCloudJ's RetryConfig, and what it does to a pull. */
@ExtendWith(NoLeaks.class)
class RetryTest {
    private static final String MANIFEST = "GET /v2/app/manifests/gzip ";

    private static TestRegistry registry;

    @TempDir
    Path dir;

    @BeforeAll
    static void start() {
        registry = TestRegistry.start();
    }

    @AfterAll
    static void stop() {
        registry.close();
    }

    @BeforeEach
    void reset() {
        registry.reset();
    }

    private static RetryConfig attempts(int attempts) {
        return RetryConfig.builder().maxAttempts(attempts).initialDelayMillis(1).build();
    }

    private void pull(RetryConfig config) {
        try (RepositoryClient client = registry.clientBuilder().withRetryConfig(config).build()) {
            client.pullImage("app:gzip", dir.resolve("image.tar"));
        }
    }

    @Test
    void everyPartHasItsKey() {
        Map<String, String> keys = new TreeMap<>();
        RetryKeys.put(keys, RetryConfig.builder()
                .mode(RetryConfig.Mode.FIXED)
                .maxAttempts(7)
                .initialDelayMillis(1)
                .multiplier(1.5)
                .maxDelayMillis(2)
                .fixedDelayMillis(3)
                .attemptTimeout(4L)
                .totalTimeout(5L)
                .build());
        assertEquals(
                "{attempt-timeout=4, retry-attempts=7, retry-fixed-delay=3, retry-initial-delay=1, retry-max-delay=2,"
                        + " retry-mode=fixed, retry-multiplier=1.5, total-timeout=5}",
                keys.toString());
        // A later one replaces it as a whole; what it leaves open keeps the default.
        keys.put("platform", "linux/arm64");
        RetryKeys.put(keys, RetryConfig.builder().mode(RetryConfig.Mode.EXPONENTIAL).build());
        assertEquals("{platform=linux/arm64, retry-mode=exponential}", keys.toString());
        RetryKeys.put(keys, RetryConfig.builder().build());
        assertEquals("{platform=linux/arm64}", keys.toString());
    }

    @Test
    void aPullSurvivesARegistryThatIsOverloaded() throws Exception {
        registry.fault(MANIFEST + "times=2 status=503", "GET /v2/app/blobs/* times=3 status=429 retry-after=0",
                "GET /v2/app/blobs/* once reset");
        pull(attempts(6));
        assertFiles(dir, "image.tar");
        assertEquals(3, registry.requests("GET", "/manifests/gzip"));
    }

    @Test
    void retriesAreTheDefault() throws Exception {
        registry.fault(MANIFEST + "once status=503");
        pull(null);
        assertFiles(dir, "image.tar");
        pull(RetryConfig.builder().build());
    }

    @Test
    void theErrorTellsAttemptsAndTime() throws Exception {
        registry.fault(MANIFEST + "status=503");
        SubstrateSdkException e = assertThrows(UnknownException.class, () -> pull(attempts(3)));
        assertTrue(e.getMessage().matches("(?s).*HTTP 503.*3 attempts, after \\d+\\.\\d s.*"), e.getMessage());
        assertEquals(3, registry.requests("GET", "/manifests/gzip"));
        assertFiles(dir);
    }

    @Test
    void oneAttemptIsNoRetry() {
        registry.fault(MANIFEST + "once status=503");
        assertThrows(UnknownException.class, () -> pull(attempts(1)));
        assertEquals(1, registry.requests("GET", "/manifests/gzip"));
    }

    @Test
    void whatStaysWrongIsNotTriedAgain() {
        registry.fault(MANIFEST + "status=404");
        assertThrows(ResourceNotFoundException.class, () -> pull(attempts(9)));
        assertEquals(1, registry.requests("GET", "/manifests/gzip"));
    }

    @Test
    void timeouts() {
        registry.fault(MANIFEST + "delay=60000");
        RetryConfig attempt = RetryConfig.builder().maxAttempts(2).initialDelayMillis(1).attemptTimeout(200L).build();
        DeadlineExceededException e = assertThrows(DeadlineExceededException.class, () -> pull(attempt));
        assertTrue(e.getMessage().contains("no answer within 200 ms"), e.getMessage());
        RetryConfig total = RetryConfig.builder().totalTimeout(200L).build();
        e = assertThrows(DeadlineExceededException.class, () -> pull(total));
        assertTrue(e.getMessage().contains("total timeout"), e.getMessage());
    }

    @Test
    void valuesAreCheckedByBuild() {
        for (RetryConfig config : new RetryConfig[] {
            RetryConfig.builder().maxAttempts(-1).build(),
            RetryConfig.builder().maxAttempts(101).build(),
            RetryConfig.builder().multiplier(0.5).build(),
            RetryConfig.builder().multiplier(Double.NaN).build(),
            RetryConfig.builder().totalTimeout(-5L).build(),
            RetryConfig.builder().maxDelayMillis(Long.MAX_VALUE).build(),
        }) {
            RepositoryClientBuilder builder = registry.clientBuilder().withRetryConfig(config);
            assertThrows(InvalidArgumentException.class, builder::build);
            builder.withRetryConfig(null).build().close();
        }
    }
}
