package org.wardian.boot.catalogue;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * HTTP proxies from the environment variables that Unix programs share: {@code http_proxy}, {@code
 * https_proxy}, {@code all_proxy} and {@code no_proxy}, in lower case or, where that is not set, in
 * upper case. {@code HTTP_PROXY} is left out, as curl does: a CGI program gets it from a client.
 */
final class ProxySettings {
  private static final int DEFAULT_PORT = 3128;

  private final URI http;
  private final URI https;
  private final List<String> direct;

  private ProxySettings(URI http, URI https, List<String> direct) {
    this.http = http;
    this.https = https;
    this.direct = direct;
  }

  /** No proxy. */
  static ProxySettings none() {
    return new ProxySettings(null, null, List.of());
  }

  /**
   * @throws CatalogueException of kind {@link Kind#BAD_SETTING} if a variable is no proxy address
   */
  static ProxySettings fromEnvironment(Map<String, String> environment) throws CatalogueException {
    String all = first(environment, "all_proxy", "ALL_PROXY");
    String http = first(environment, "http_proxy");
    String https = first(environment, "https_proxy", "HTTPS_PROXY");
    String none = first(environment, "no_proxy", "NO_PROXY");
    return new ProxySettings(
        parse(http.isEmpty() ? "all_proxy" : "http_proxy", http.isEmpty() ? all : http),
        parse(https.isEmpty() ? "all_proxy" : "https_proxy", https.isEmpty() ? all : https),
        none.isEmpty() ? List.of() : List.of(none.toLowerCase(Locale.ROOT).split("[,\\s]+")));
  }

  private static String first(Map<String, String> environment, String... names) {
    for (String name : names) {
      String value = environment.getOrDefault(name, "").strip();
      if (!value.isEmpty()) {
        return value;
      }
    }
    return "";
  }

  private static URI parse(String variable, String value) throws CatalogueException {
    if (value.isEmpty()) {
      return null;
    }
    String address = value.contains("://") ? value : "http://" + value;
    try {
      URI uri = new URI(address);
      if ("http".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null) {
        return uri;
      }
    } catch (java.net.URISyntaxException e) {
      throw bad(variable);
    }
    throw bad(variable);
  }

  /** The value is not repeated: it may hold a password. */
  private static CatalogueException bad(String variable) {
    return new CatalogueException(
        Kind.BAD_SETTING,
        "the environment variable "
            + variable
            + " is no HTTP proxy address; it must look like http://proxy.example:3128");
  }

  /** The proxy through which an address is to be reached. */
  Proxy proxyFor(URI target) {
    URI proxy = proxyUri(target);
    if (proxy == null) {
      return Proxy.NO_PROXY;
    }
    int port = proxy.getPort() < 0 ? DEFAULT_PORT : proxy.getPort();
    return new Proxy(Proxy.Type.HTTP, new InetSocketAddress(proxy.getHost(), port));
  }

  /** How an address is reached, for an error: empty, or the proxy's host in parentheses. */
  String describe(URI target) {
    URI proxy = proxyUri(target);
    return proxy == null ? "" : " (through the proxy " + proxy.getHost() + ")";
  }

  /** The value of the {@code Proxy-Authorization} header, if the proxy's address has a user. */
  Optional<String> authorization(URI target) {
    URI proxy = proxyUri(target);
    if (proxy == null || proxy.getUserInfo() == null) {
      return Optional.empty();
    }
    byte[] user = proxy.getUserInfo().getBytes(StandardCharsets.UTF_8);
    return Optional.of("Basic " + Base64.getEncoder().encodeToString(user));
  }

  private URI proxyUri(URI target) {
    URI proxy = "https".equalsIgnoreCase(target.getScheme()) ? https : http;
    return proxy == null || isDirect(target) ? null : proxy;
  }

  private boolean isDirect(URI target) {
    String host = target.getHost().toLowerCase(Locale.ROOT);
    for (String entry : direct) {
      if (entry.isEmpty()) {
        continue;
      }
      String domain = entry.startsWith(".") ? entry.substring(1) : entry;
      if (entry.equals("*")
          || host.equals(domain)
          || host.endsWith("." + domain)
          || (host + ":" + target.getPort()).equals(domain)) {
        return true;
      }
    }
    return false;
  }
}
