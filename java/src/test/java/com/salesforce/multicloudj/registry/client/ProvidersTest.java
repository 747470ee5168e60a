package com.salesforce.multicloudj.registry.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.registry.driver.AbstractRegistry;
import com.salesforce.multicloudj.registry.support.Services;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProvidersTest {
    @TempDir
    Path dir;

    /** Found by its id. */
    public static class Good extends AbstractRegistry {
        public Good() {
            super("good");
        }

        @Override
        protected String getRegistryEndpoint() {
            return "https://registry.example.com";
        }

        @Override
        protected String getDockerAuthToken() {
            return null;
        }

        @Override
        protected String getDockerAuthUsername() {
            return null;
        }
    }

    /** Throws when it is made. */
    public static class Broken extends Good {
        public Broken() {
            throw new IllegalStateException("no metadata server here");
        }
    }

    @Test
    void aProviderIsFoundByItsIdBehindABrokenOne() throws Throwable {
        Services.with(dir, Broken.class, Good.class, () -> assertEquals(Good.class, Providers.find("good").getClass()));
    }

    @Test
    void aBrokenProviderIsNamedWhenNothingIsFound() throws Throwable {
        Services.with(dir, Broken.class, Good.class, () -> {
            String message = notFound("aws");
            for (String part : new String[] {"aws", "oci", "good", Broken.class.getName(), "no metadata server here"}) {
                assertTrue(message.contains(part), message);
            }
        });
    }

    @Test
    void aClassThatIsNotThereOrNoProviderIsNamed() throws Throwable {
        String[] lines = {"com.example.Missing", ProvidersTest.class.getName(), Good.class.getName()};
        Services.with(dir, lines, () -> {
            assertEquals(Good.class, Providers.find("good").getClass());
            String message = notFound("other");
            assertTrue(message.contains("com.example.Missing"), message);
            assertTrue(message.contains(ProvidersTest.class.getName()), message);
        });
    }

    @Test
    void aServicesFileThatCannotBeReadEndsTheSearch() throws Throwable {
        String[] lines = {"this is no class name"};
        Services.with(dir, lines, () -> assertTrue(notFound("other").contains("Illegal")));
    }

    @Test
    void withoutAContextClassLoaderTheOwnOneIsAsked() {
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        Thread.currentThread().setContextClassLoader(null);
        try {
            assertTrue(notFound("aws").contains("oci"));
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    @Test
    void anIdIsNeeded() {
        assertThrows(InvalidArgumentException.class, () -> RepositoryClient.builder(null));
        assertThrows(InvalidArgumentException.class, () -> RepositoryClient.builder(""));
    }

    private static String notFound(String id) {
        return assertThrows(InvalidArgumentException.class, () -> RepositoryClient.builder(id).build()).getMessage();
    }
}
