package com.salesforce.multicloudj.registry.client;

import static com.salesforce.multicloudj.registry.support.Pulls.assertFiles;
import static com.salesforce.multicloudj.registry.support.Pulls.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.FailedPreconditionException;
import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.common.exceptions.UnAuthorizedException;
import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.model.Platform;
import com.salesforce.multicloudj.registry.model.PullResult;
import com.salesforce.multicloudj.registry.support.Pulls;
import com.salesforce.multicloudj.registry.support.ScriptedProvider;
import com.salesforce.multicloudj.registry.support.Services;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Providers written in Java: when they are asked, and what their failures become. */
@ExtendWith(NoLeaks.class)
class ProviderTest {
    private static TestRegistry registry;

    @TempDir
    Path dir;

    @TempDir
    Path services;

    @BeforeAll
    static void start() {
        registry = TestRegistry.start("--auth", "basic", "--user", "u", "--password", "right");
    }

    @AfterAll
    static void stop() {
        registry.close();
    }

    @BeforeEach
    void reset() {
        registry.reset();
        ScriptedProvider.reset(registry, "u", "right");
    }

    private RepositoryClient client() throws Throwable {
        List<RepositoryClient> made = new ArrayList<>();
        Services.with(services, ScriptedProvider.class,
                () -> made.add(RepositoryClient.builder(ScriptedProvider.ID).build()));
        return made.get(0);
    }

    private PullResult pull(RepositoryClient client) {
        return client.pullImage("app:gzip", dir.resolve("image.tar"));
    }

    @Test
    void isAskedForTheEndpointOncePerClientAndForUserAndTokenOncePerPull() throws Throwable {
        try (RepositoryClient client = client()) {
            assertEquals(1, ScriptedProvider.ENDPOINTS.get());
            assertEquals(0, ScriptedProvider.TOKENS.get());
            pull(client);
            assertEquals(1, ScriptedProvider.TOKENS.get());
            pull(client);
            assertEquals(2, ScriptedProvider.TOKENS.get());
            assertEquals(2, ScriptedProvider.USERS.get());
            assertEquals(1, ScriptedProvider.ENDPOINTS.get());
        }
    }

    @Test
    void isAskedAgainAfterTheRegistryRefused() throws Throwable {
        List<String> tokens = new ArrayList<>(List.of("stale", "right"));
        ScriptedProvider.token = () -> tokens.remove(0);
        try (RepositoryClient client = client()) {
            pull(client);
        }
        assertEquals(2, ScriptedProvider.TOKENS.get());
    }

    @Test
    void whatIsRefusedTwiceIsAnUnauthorizedPull() throws Throwable {
        ScriptedProvider.token = () -> "S3cr3t-wrong";
        try (RepositoryClient client = client()) {
            UnAuthorizedException e = assertThrows(UnAuthorizedException.class, () -> pull(client));
            assertTrue(e.getMessage().contains("401"), e.getMessage());
            assertTrue(!e.toString().contains("S3cr3t"), e.toString());
        }
        assertEquals(2, ScriptedProvider.TOKENS.get());
        assertFiles(dir);
    }

    @Test
    void nobodyIsAnonymous() throws Throwable {
        try (TestRegistry open = TestRegistry.start()) {
            ScriptedProvider.reset(open, null, null);
            try (RepositoryClient client = client()) {
                assertEquals("gzip", pull(client).getMetadata().getTag());
            }
        }
    }

    @Test
    void halfALoginIsAnError() throws Throwable {
        ScriptedProvider.user = () -> null;
        try (RepositoryClient client = client()) {
            UnAuthorizedException e = assertThrows(UnAuthorizedException.class, () -> pull(client));
            assertTrue(e.getMessage().contains("no user"), e.getMessage());
        }
    }

    @Test
    void whatItThrowsUncheckedArrivesAsTheSameObject() throws Throwable {
        for (Throwable thrown : List.of(new IllegalStateException("no"), new UnAuthorizedException("no"))) {
            ScriptedProvider.token = () -> {
                throw (RuntimeException) thrown;
            };
            try (RepositoryClient client = client()) {
                assertSame(thrown, assertThrows(Throwable.class, () -> pull(client)));
            }
        }
        Error error = new StackOverflowError();
        ScriptedProvider.user = () -> {
            throw error;
        };
        try (RepositoryClient client = client()) {
            assertSame(error, assertThrows(Throwable.class, () -> pull(client)));
        }
        assertFiles(dir);
    }

    @Test
    void whatItThrowsCheckedIsTheCauseOfAnUnauthorizedPull() throws Throwable {
        for (Exception thrown : List.of(new IOException("metadata server"), new Exception("sneaked"))) {
            ScriptedProvider.token = () -> {
                throw thrown;
            };
            try (RepositoryClient client = client()) {
                UnAuthorizedException e = assertThrows(UnAuthorizedException.class, () -> pull(client));
                assertSame(thrown, e.getCause());
                assertTrue(e.getMessage().contains(ScriptedProvider.ID), e.getMessage());
            }
        }
    }

    @Test
    void aFailedPullDoesNotSpoilTheNext() throws Throwable {
        List<String> tokens = new ArrayList<>(List.of("right"));
        ScriptedProvider.token = () -> {
            if (tokens.isEmpty()) {
                throw new IllegalStateException("once");
            }
            return tokens.get(0);
        };
        try (RepositoryClient client = client()) {
            tokens.clear();
            assertThrows(IllegalStateException.class, () -> pull(client));
            tokens.add("right");
            pull(client);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "registry.example.com", "https://registry.example.com/v2", "ftp://registry.example.com"})
    void aBadEndpointIsToldByBuildAndTheProviderIsClosed(String endpoint) {
        ScriptedProvider.endpoint = () -> endpoint;
        assertThrows(InvalidArgumentException.class, this::client);
        assertEquals(1, ScriptedProvider.CLOSED.get());
    }

    @Test
    void aProviderThatThrowsForTheEndpointIsHeardByBuild() {
        IllegalStateException thrown = new IllegalStateException("no account");
        ScriptedProvider.endpoint = () -> {
            throw thrown;
        };
        assertSame(thrown, assertThrows(IllegalStateException.class, this::client));
        assertEquals(1, ScriptedProvider.CLOSED.get());
    }

    @Test
    void aLoginIsNotForIt() throws Throwable {
        Services.with(services, ScriptedProvider.class, () -> {
            RepositoryClientBuilder builder = RepositoryClient.builder(ScriptedProvider.ID).withLogin("u", "p");
            assertThrows(InvalidArgumentException.class, builder::build);
        });
    }

    @Test
    void isConfiguredByTheClientsBuilder() throws Throwable {
        Services.with(services, ScriptedProvider.class, () -> {
            RepositoryClientBuilder builder = RepositoryClient.builder(ScriptedProvider.ID)
                    .withPlatform(Platform.builder().architecture("arm64").build())
                    .withRepository("app");
            try (RepositoryClient client = builder.build()) {
                PullResult result = client.pullImage(":multi", dir.resolve("image.tar"));
                assertEquals("arm64", result.getMetadata().getPlatform().getArchitecture());
            }
        });
    }

    @Test
    void isClosedAfterTheLastPullOfAClosedClient() throws Throwable {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        ScriptedProvider.token = () -> {
            asked.countDown();
            await(closed);
            return "right";
        };
        RepositoryClient client = client();
        CompletableFuture<PullResult> future = client.pullImageAsync("app:gzip", dir.resolve("image.tar"));
        await(asked);
        client.close();
        client.close();
        assertEquals(0, ScriptedProvider.CLOSED.get());
        closed.countDown();
        future.get(20, TimeUnit.SECONDS);
        Pulls.eventually("the provider is closed", () -> ScriptedProvider.CLOSED.get() == 1);
    }

    @Test
    void aProviderThatPullsWithItsOwnClientIsStopped() throws Throwable {
        List<RepositoryClient> clients = new ArrayList<>();
        ScriptedProvider.token = () -> {
            clients.get(0).pullImage("app:plain", dir.resolve("inner.tar"));
            return "right";
        };
        try (RepositoryClient client = client()) {
            clients.add(client);
            FailedPreconditionException e =
                    assertThrows(FailedPreconditionException.class, () -> pull(client));
            assertTrue(e.getMessage().contains("credential"), e.getMessage());
        }
        assertFiles(dir);
    }
}
