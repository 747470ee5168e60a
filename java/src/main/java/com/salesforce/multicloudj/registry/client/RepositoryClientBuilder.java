package com.salesforce.multicloudj.registry.client;

import com.salesforce.multicloudj.common.retries.RetryConfig;
import com.salesforce.multicloudj.registry.driver.AbstractRegistry;
import com.salesforce.multicloudj.registry.internal.Failures;
import com.salesforce.multicloudj.registry.internal.JvmNetwork;
import com.salesforce.multicloudj.registry.internal.NativeClient;
import com.salesforce.multicloudj.registry.internal.ProviderAccess;
import com.salesforce.multicloudj.registry.model.Platform;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Configures a {@link RepositoryClient}. Values are checked by {@link #build()}; a null takes a value back, unless said
 * otherwise.
 */
public final class RepositoryClientBuilder {
    private final String providerId;
    private final Map<String, String> settings = new TreeMap<>();
    private URI endpoint;
    private Platform platform;

    RepositoryClientBuilder(String providerId) {
        if (providerId == null || providerId.isEmpty()) {
            throw Failures.invalid("a provider's id is needed, for example \"oci\"");
        }
        this.providerId = providerId;
    }

    /**
     * Sets the path in front of references that name no host: with {@code my-team}, {@code app:v1} means {@code
     * my-team/app:v1}, and {@code :v1} alone means {@code my-team:v1}. A reference that starts with the path already is
     * taken as it stands.
     *
     * @param repository a repository or the first part of one, lower-case
     * @return this builder
     */
    public RepositoryClientBuilder withRepository(String repository) {
        return put("repository", repository);
    }

    /**
     * Sets where the registry is. It is also the user's word that credentials may go there.
     *
     * <p>Without it, {@code oci} pulls from the host that the reference names, else from Docker Hub.
     *
     * @param endpoint scheme and authority, {@code https://registry.example.com:5000}; plain {@code http} only for a
     *     loopback address
     * @return this builder
     */
    public RepositoryClientBuilder withEndpoint(URI endpoint) {
        this.endpoint = endpoint;
        return put("endpoint", endpoint == null ? null : endpoint.toString());
    }

    /**
     * Sets user and password, for {@code oci}. They go to the endpoint and to the token service it names if that
     * belongs to it, so {@link #withEndpoint(URI)} is needed too.
     *
     * @param user the user
     * @param password the password, or a token that stands for one
     * @return this builder
     * @throws com.salesforce.multicloudj.common.exceptions.InvalidArgumentException if one is null
     */
    public RepositoryClientBuilder withLogin(String user, String password) {
        if (user == null || password == null) {
            throw Failures.invalid("a login is a user and a password");
        }
        put("username", user);
        return put("password", password);
    }

    /**
     * Sets the platform that is chosen from multi-platform images; linux/amd64 without it. An operating system or
     * architecture left out is that of {@link Platform#DEFAULT}.
     *
     * @param platform the platform
     * @return this builder
     */
    public RepositoryClientBuilder withPlatform(Platform platform) {
        this.platform = platform;
        if (platform == null) {
            PlatformKeys.remove(settings);
        } else {
            PlatformKeys.put(settings, platform);
        }
        return this;
    }

    /**
     * Adds certificates to the ones that the system trusts, for a registry with a private authority.
     *
     * @param certificates a file with one or more certificates in PEM form
     * @return this builder
     */
    public RepositoryClientBuilder withTrustedCertificates(Path certificates) {
        return put("trusted-certificates", certificates == null ? null : certificates.toAbsolutePath().toString());
    }

    /**
     * Sets the proxy that https requests go through, for whatever host: registry, token service, blob store. Without it,
     * the system property {@code https.proxyHost} says it, else the environment ({@code HTTPS_PROXY}). Hosts in {@code
     * http.nonProxyHosts}, else {@code NO_PROXY}, and loopback addresses are reached without it.
     *
     * @param proxy {@code http://proxy.example.com:3128}, with {@code user:password@} in front of the host if it wants a
     *     login; {@code https} for a proxy that is spoken to over TLS
     * @return this builder
     */
    public RepositoryClientBuilder withProxyEndpoint(URI proxy) {
        return put("proxy-endpoint", proxy == null ? null : proxy.toString());
    }

    /**
     * Sets how many connections to a host the client has at a time.
     *
     * @param connections 1 to 256
     * @return this builder
     */
    public RepositoryClientBuilder withMaxConnections(int connections) {
        return put("max-connections", Integer.toString(connections));
    }

    /**
     * Sets how often and how fast a request that failed is made again, and how long that may take. Without it: five
     * attempts, with waits of 250 ms and twice as much each time, at most 20 s; no timeouts.
     *
     * <p>The attempts are those of one request, the first included; a transfer that was cut goes on where it was, and
     * counts anew after each mebibyte it has brought. What the registry asks for ({@code Retry-After}) is waited for, up to
     * a minute. Waits are shortened at random by up to a half. {@code maxAttempts} is 1 to 100, times are milliseconds: the
     * attempt timeout is the longest wait for the head of an answer, the total timeout the longest time of a pull.
     *
     * @param config the rules; a null or zero in it keeps the default
     * @return this builder
     */
    public RepositoryClientBuilder withRetryConfig(RetryConfig config) {
        if (config == null) {
            RetryKeys.remove(settings);
        } else {
            RetryKeys.put(settings, config);
        }
        return this;
    }

    /**
     * Sets one of the rare options that have no method here, for example {@code trusted-auth-hosts}. The documentation
     * lists them; the command line and C know the same ones.
     *
     * @param key the option
     * @param value its value
     * @return this builder
     * @throws com.salesforce.multicloudj.common.exceptions.InvalidArgumentException if the key is null or one that
     *     {@link RepositoryClient#builder(String)} sets; an unknown key is refused by {@link #build()}
     */
    public RepositoryClientBuilder withOption(String key, String value) {
        if (key == null) {
            throw Failures.invalid("an option's key is null");
        }
        if (key.equals("provider") || key.equals("provider-id")) {
            throw Failures.invalid("option \"" + key + "\" is what RepositoryClient.builder(\"" + providerId
                    + "\") says already");
        }
        return put(key, value);
    }

    /**
     * Makes the client. The first one of an application also loads the native library.
     *
     * @return an open client
     * @throws com.salesforce.multicloudj.common.exceptions.InvalidArgumentException if no provider has the id, or a
     *     value breaks a rule
     * @throws com.salesforce.multicloudj.common.exceptions.SubstrateSdkException if the native library cannot be loaded
     */
    public RepositoryClient build() {
        Map<String, String> keys = new TreeMap<>(settings);
        JvmNetwork.addTo(keys);
        if (Providers.isNative(providerId)) {
            keys.put("provider", providerId);
            return new RepositoryClient(new NativeClient(keys), null);
        }
        AbstractRegistry found = Providers.find(providerId);
        for (String key : new String[] {"username", "password"}) {
            if (keys.containsKey(key)) {
                throw Failures.invalid("provider \"" + providerId + "\" brings user and token itself, it takes no login");
            }
        }
        AbstractRegistry provider = found.builder().withEndpoint(endpoint).withPlatform(platform).build();
        try {
            keys.put("provider", "callback");
            keys.put("provider-id", providerId);
            keys.put("endpoint", endpoint(provider));
            return new RepositoryClient(new NativeClient(keys), provider);
        } catch (RuntimeException | Error e) {
            try {
                provider.close();
            } catch (RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    private String endpoint(AbstractRegistry provider) {
        String given = ProviderAccess.get().registryEndpoint(provider);
        if (given == null || given.isEmpty()) {
            throw Failures.invalid("provider \"" + providerId + "\" names no endpoint");
        }
        return given;
    }

    private RepositoryClientBuilder put(String key, String value) {
        if (value == null) {
            settings.remove(key);
        } else {
            settings.put(key, value);
        }
        return this;
    }
}
