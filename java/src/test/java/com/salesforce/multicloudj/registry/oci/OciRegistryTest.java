package com.salesforce.multicloudj.registry.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.registry.driver.AbstractRegistry;
import com.salesforce.multicloudj.registry.model.Platform;
import java.net.URI;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class OciRegistryTest {
    @Test
    void isDockerHubWithoutALoginByDefault() {
        OciRegistry registry = new OciRegistry();
        assertEquals("https://registry-1.docker.io", registry.getRegistryEndpoint());
        assertNull(registry.getDockerAuthUsername());
        assertNull(registry.getDockerAuthToken());
    }

    @Test
    void servesWhatItsBuilderWasTold() {
        OciRegistry registry = new OciRegistry()
                .builder()
                .providerId("oci")
                .withEndpoint(URI.create("https://registry.example.com:5000"))
                .withPlatform(Platform.DEFAULT)
                .withLogin("user", "password")
                .build();
        assertEquals("https://registry.example.com:5000", registry.getRegistryEndpoint());
        assertEquals("user", registry.getDockerAuthUsername());
        assertEquals("password", registry.getDockerAuthToken());
        registry.close();
    }

    @Test
    void aLoginHasTwoHalves() {
        OciRegistry.Builder builder = new OciRegistry().builder();
        assertThrows(InvalidArgumentException.class, () -> builder.withLogin("user", null));
        assertThrows(InvalidArgumentException.class, () -> builder.withLogin(null, "password"));
    }

    @Test
    void isRegisteredAsAService() {
        assertEquals(1, ServiceLoader.load(AbstractRegistry.class).stream()
                .filter(provider -> provider.type() == OciRegistry.class)
                .count());
    }
}
