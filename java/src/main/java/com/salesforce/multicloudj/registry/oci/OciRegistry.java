package com.salesforce.multicloudj.registry.oci;

import com.salesforce.multicloudj.registry.driver.AbstractRegistry;
import com.salesforce.multicloudj.registry.internal.Failures;
import com.salesforce.multicloudj.registry.model.Platform;
import java.net.URI;

/**
 * Any registry that speaks the OCI distribution protocol, under the id {@code oci}.
 *
 * <p>{@code RepositoryClient.builder("oci")} does not need this class: the native engine knows the provider itself. Its
 * methods serve code that wants endpoint and login of a registry without pulling from it.
 */
public final class OciRegistry extends AbstractRegistry {
    /** The provider's id. */
    public static final String PROVIDER_ID = "oci";

    private static final String DOCKER_HUB = "https://registry-1.docker.io";

    private String user;
    private String password;

    /** An anonymous registry at Docker Hub; {@link #builder()} makes others. */
    public OciRegistry() {
        super(PROVIDER_ID);
    }

    @Override
    public String getRegistryEndpoint() {
        return getEndpoint() == null ? DOCKER_HUB : getEndpoint().toString();
    }

    @Override
    public String getDockerAuthToken() {
        return password;
    }

    @Override
    public String getDockerAuthUsername() {
        return user;
    }

    @Override
    public Builder builder() {
        return new Builder(this);
    }

    /** Holds nothing that needs to be given back. */
    @Override
    public void close() {}

    /** Makes an {@link OciRegistry}. */
    public static final class Builder extends AbstractRegistry.Builder {
        private String user;
        private String password;

        private Builder(OciRegistry prototype) {
            super(prototype);
        }

        @Override
        public Builder providerId(String providerId) {
            super.providerId(providerId);
            return this;
        }

        @Override
        public Builder withEndpoint(URI endpoint) {
            super.withEndpoint(endpoint);
            return this;
        }

        @Override
        public Builder withPlatform(Platform platform) {
            super.withPlatform(platform);
            return this;
        }

        /**
         * Sets user and password.
         *
         * @param user the user
         * @param password the password, or a token that stands for one
         * @return this builder
         * @throws com.salesforce.multicloudj.common.exceptions.InvalidArgumentException if one is null
         */
        public Builder withLogin(String user, String password) {
            if (user == null || password == null) {
                throw Failures.invalid("a login is a user and a password");
            }
            this.user = user;
            this.password = password;
            return this;
        }

        @Override
        public OciRegistry build() {
            OciRegistry registry = (OciRegistry) super.build();
            registry.user = user;
            registry.password = password;
            return registry;
        }
    }
}
