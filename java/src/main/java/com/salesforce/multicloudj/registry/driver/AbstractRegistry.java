package com.salesforce.multicloudj.registry.driver;

import com.salesforce.multicloudj.common.exceptions.SubstrateSdkException;
import com.salesforce.multicloudj.common.exceptions.UnAuthorizedException;
import com.salesforce.multicloudj.common.exceptions.UnknownException;
import com.salesforce.multicloudj.common.provider.Provider;
import com.salesforce.multicloudj.registry.internal.Failures;
import com.salesforce.multicloudj.registry.internal.ProviderAccess;
import com.salesforce.multicloudj.registry.model.Platform;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * What a provider of a registry extends.
 *
 * <p>A provider writes a public constructor without parameters that calls {@link #AbstractRegistry(String)} with its
 * id, and three methods: {@link #getRegistryEndpoint()}, {@link #getDockerAuthUsername()} and
 * {@link #getDockerAuthToken()}. It is found by its id if its class name stands in
 * {@code META-INF/services/com.salesforce.multicloudj.registry.driver.AbstractRegistry}. The instance that is made to
 * look at the id makes a fresh one for each client, so the constructor should be cheap.
 *
 * <p>The pull itself is not the provider's business. A client asks for the endpoint once when it is built, and for user
 * and token once per pull, and again after the registry refused them. It asks on a thread that called the client, and
 * several of them may ask at the same time: the methods must be safe for that. What they throw stops the pull and
 * reaches the application as the same object, except an {@link IOException}, which becomes the cause of an
 * {@code UnAuthorizedException}.
 */
public abstract class AbstractRegistry implements Provider, AutoCloseable {
    static {
        ProviderAccess.set(new Access());
    }

    private final String providerId;
    private URI endpoint;
    private Platform platform;

    /**
     * For the provider's constructor.
     *
     * @param providerId the id by which {@code RepositoryClient.builder} finds the provider
     */
    protected AbstractRegistry(String providerId) {
        if (providerId == null || providerId.isEmpty()) {
            throw Failures.invalid("the provider " + getClass().getName() + " has no id");
        }
        this.providerId = providerId;
    }

    /**
     * Where the registry is.
     *
     * @return scheme and authority, for example {@code https://registry.example.com}; user and token go there
     */
    protected abstract String getRegistryEndpoint();

    /**
     * The password or access token that the registry asks for; may call a cloud.
     *
     * @return the token, or null for anonymous access
     * @throws IOException if it cannot be had
     */
    protected abstract String getDockerAuthToken() throws IOException;

    /**
     * The user that goes with the token.
     *
     * @return the user, or null for anonymous access
     */
    protected abstract String getDockerAuthUsername();

    /**
     * User and token as the value of an HTTP {@code Authorization} header.
     *
     * @return {@code Basic ...}, or null for anonymous access
     * @throws IOException if the token cannot be had
     */
    protected final String getDockerAuthHeader() throws IOException {
        String[] login = login();
        if (login == null) {
            return null;
        }
        byte[] pair = String.join(":", login).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    /** User and token, or null for anonymous. */
    private String[] login() throws IOException {
        String user = getDockerAuthUsername();
        String token = getDockerAuthToken();
        if (user == null && token == null) {
            return null;
        }
        if (user == null || token == null) {
            // Going on anonymously would end in a refusal that does not say why.
            throw new UnAuthorizedException("ask provider " + providerId + " for user and token: it gave no "
                    + (user == null ? "user" : "token"));
        }
        return new String[] {user, token};
    }

    @Override
    public String getProviderId() {
        return providerId;
    }

    /**
     * The endpoint that the application set.
     *
     * @return scheme and authority, or null if it set none
     */
    public URI getEndpoint() {
        return endpoint;
    }

    /**
     * The platform that the application set for the client.
     *
     * @return the platform, or null if it set none
     */
    public Platform getPlatform() {
        return platform;
    }

    /**
     * Starts a registry of this provider; the builder takes nothing over from this instance.
     *
     * @return a new builder
     */
    @Override
    public Builder builder() {
        return new Builder(this);
    }

    /**
     * The class of MultiCloudJ's exceptions for {@code failure}; asked by MultiCloudJ 0.2.
     *
     * @param failure what a method of this provider threw
     * @return the class to throw
     */
    public Class<? extends SubstrateSdkException> getException(Throwable failure) {
        return failure instanceof SubstrateSdkException
                ? ((SubstrateSdkException) failure).getClass()
                : UnknownException.class;
    }

    /**
     * The exception of MultiCloudJ for {@code failure}; asked by MultiCloudJ 0.4.
     *
     * @param failure what a method of this provider threw
     * @return {@code failure} itself if it is one already
     */
    public SubstrateSdkException mapException(Throwable failure) {
        return failure instanceof SubstrateSdkException
                ? (SubstrateSdkException) failure
                : new UnknownException(providerId + ": " + failure.getMessage(), failure);
    }

    /**
     * Gives back what the provider holds; called once no pull of the client needs it any more. Does nothing here.
     */
    @Override
    public void close() {}

    /** Makes a configured instance of a provider. */
    public static class Builder implements Provider.Builder {
        private final AbstractRegistry prototype;
        private URI endpoint;
        private Platform platform;

        /**
         * For a provider with a builder of its own.
         *
         * @param prototype an instance of the class to make
         */
        protected Builder(AbstractRegistry prototype) {
            this.prototype = prototype;
        }

        /**
         * Part of MultiCloudJ's interface; the provider has an id already.
         *
         * @param providerId the provider's own id
         * @return this builder
         * @throws com.salesforce.multicloudj.common.exceptions.InvalidArgumentException for another id
         */
        @Override
        public Builder providerId(String providerId) {
            if (!prototype.getProviderId().equals(providerId)) {
                throw Failures.invalid("this is the builder of provider " + prototype.getProviderId() + ", not "
                        + providerId);
            }
            return this;
        }

        /**
         * Sets what {@link AbstractRegistry#getEndpoint()} returns.
         *
         * @param endpoint scheme and authority, or null
         * @return this builder
         */
        public Builder withEndpoint(URI endpoint) {
            this.endpoint = endpoint;
            return this;
        }

        /**
         * Sets what {@link AbstractRegistry#getPlatform()} returns.
         *
         * @param platform the platform, or null
         * @return this builder
         */
        public Builder withPlatform(Platform platform) {
            this.platform = platform;
            return this;
        }

        /**
         * Makes a new instance with the provider's constructor and configures it.
         *
         * @return a new registry
         */
        public AbstractRegistry build() {
            AbstractRegistry registry = construct(prototype.getClass());
            registry.endpoint = endpoint;
            registry.platform = platform;
            return registry;
        }

        private static <T> T construct(Class<T> type) {
            try {
                Constructor<T> constructor = type.getDeclaredConstructor();
                // The class itself need not be public, as with ServiceLoader.
                constructor.setAccessible(true);
                return constructor.newInstance();
            } catch (InvocationTargetException e) {
                Throwable thrown = e.getCause();
                if (thrown instanceof RuntimeException) {
                    throw (RuntimeException) thrown;
                }
                if (thrown instanceof Error) {
                    throw (Error) thrown;
                }
                throw Failures.unknown("make a " + type.getName() + ": " + thrown, thrown);
            } catch (ReflectiveOperationException | RuntimeException e) {
                throw Failures.unknown("make a " + type.getName() + ": it needs a public constructor without parameters",
                        e);
            }
        }
    }

    private static final class Access extends ProviderAccess {
        @Override
        public String registryEndpoint(AbstractRegistry registry) {
            return registry.getRegistryEndpoint();
        }

        @Override
        public String[] login(AbstractRegistry registry) throws IOException {
            return registry.login();
        }
    }
}
