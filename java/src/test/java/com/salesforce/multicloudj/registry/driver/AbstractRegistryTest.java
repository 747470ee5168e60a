package com.salesforce.multicloudj.registry.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.common.exceptions.ResourceNotFoundException;
import com.salesforce.multicloudj.common.exceptions.SubstrateSdkException;
import com.salesforce.multicloudj.common.exceptions.UnAuthorizedException;
import com.salesforce.multicloudj.common.exceptions.UnknownException;
import com.salesforce.multicloudj.common.provider.Provider;
import com.salesforce.multicloudj.registry.model.Platform;
import java.io.IOException;
import java.net.URI;
import org.junit.jupiter.api.Test;

class AbstractRegistryTest {
    /** The least that a provider has to write, and not public. */
    static class Fixed extends AbstractRegistry {
        String user = "AWS";
        String token = "tök:en";

        Fixed() {
            super("fixed");
        }

        @Override
        protected String getRegistryEndpoint() {
            return "https://registry.example.com";
        }

        @Override
        protected String getDockerAuthToken() {
            return token;
        }

        @Override
        protected String getDockerAuthUsername() {
            return user;
        }
    }

    @Test
    void theBuilderMakesAFreshConfiguredInstance() {
        Fixed prototype = new Fixed();
        AbstractRegistry built = prototype.builder()
                .providerId("fixed")
                .withEndpoint(URI.create("https://other.example.com"))
                .withPlatform(Platform.DEFAULT)
                .build();
        assertNotSame(prototype, built);
        assertSame(Fixed.class, built.getClass());
        assertEquals(URI.create("https://other.example.com"), built.getEndpoint());
        assertEquals(Platform.DEFAULT, built.getPlatform());
        assertNull(prototype.getEndpoint());
        assertEquals("fixed", built.getProviderId());
    }

    @Test
    void theBuilderKnowsItsProvider() {
        Provider.Builder builder = new Fixed().builder();
        assertThrows(InvalidArgumentException.class, () -> builder.providerId("other"));
    }

    @Test
    void aProviderNeedsAnId() {
        class Nameless extends Fixed {
            Nameless() {
                super();
            }
        }
        // A local class has a constructor with a hidden parameter, as has an inner class: no fresh instance of that.
        UnknownException e = assertThrows(UnknownException.class, () -> new Nameless().builder().build());
        assertTrue(e.getMessage().contains("without parameters"), e.getMessage());
        assertThrows(InvalidArgumentException.class, () -> new WithoutId());
    }

    static class WithoutId extends AbstractRegistry {
        WithoutId() {
            super("");
        }

        @Override
        protected String getRegistryEndpoint() {
            return null;
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

    static class Failing extends Fixed {
        static RuntimeException thrown;

        Failing() {
            if (thrown != null) {
                throw thrown;
            }
        }
    }

    @Test
    void whatTheConstructorThrowsArrivesAsItIs() {
        AbstractRegistry.Builder builder = new Failing().builder();
        Failing.thrown = new IllegalStateException("no metadata server");
        try {
            assertSame(Failing.thrown, assertThrows(IllegalStateException.class, builder::build));
        } finally {
            Failing.thrown = null;
        }
    }

    @Test
    void theHeaderIsUserAndToken() throws IOException {
        // printf 'AWS:tök:en' | base64
        assertEquals("Basic QVdTOnTDtms6ZW4=", new Fixed().getDockerAuthHeader());
    }

    @Test
    void nothingIsAnonymousAndHalfIsAnError() throws IOException {
        Fixed registry = new Fixed();
        registry.token = null;
        UnAuthorizedException e = assertThrows(UnAuthorizedException.class, registry::getDockerAuthHeader);
        assertTrue(e.getMessage().contains("fixed") && e.getMessage().contains("token"), e.getMessage());
        registry.user = null;
        assertNull(registry.getDockerAuthHeader());
    }

    @Test
    void exceptionsAreMappedForBothLinesOfMultiCloudJ() {
        Fixed registry = new Fixed();
        SubstrateSdkException mine = new ResourceNotFoundException("gone");
        IOException theirs = new IOException("reset");
        assertSame(ResourceNotFoundException.class, registry.getException(mine));
        assertSame(UnknownException.class, registry.getException(theirs));
        assertSame(mine, registry.mapException(mine));
        assertSame(theirs, registry.mapException(theirs).getCause());
        assertSame(UnknownException.class, registry.mapException(theirs).getClass());
    }
}
