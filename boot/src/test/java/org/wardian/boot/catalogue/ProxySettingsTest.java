package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxySettingsTest {
  private static final URI DEBIAN = URI.create("http://deb.debian.org/debian");

  @Test
  void usesNoneUnlessTold() throws CatalogueException {
    assertThat(ProxySettings.fromEnvironment(Map.of()).proxyFor(DEBIAN)).isEqualTo(Proxy.NO_PROXY);
    // A CGI program gets this one from its client.
    assertThat(ProxySettings.fromEnvironment(Map.of("HTTP_PROXY", "http://p:1")).proxyFor(DEBIAN))
        .isEqualTo(Proxy.NO_PROXY);
  }

  @Test
  void usesTheProxyOfTheScheme() throws CatalogueException {
    ProxySettings settings =
        ProxySettings.fromEnvironment(
            Map.of("http_proxy", "user:secret@p.example:8080", "HTTPS_PROXY", "http://q.example"));
    InetSocketAddress http = (InetSocketAddress) settings.proxyFor(DEBIAN).address();
    assertThat(http.getHostString()).isEqualTo("p.example");
    assertThat(http.getPort()).isEqualTo(8080);
    assertThat(settings.authorization(DEBIAN)).hasValue("Basic dXNlcjpzZWNyZXQ=");
    URI https = URI.create("https://deb.debian.org/debian");
    assertThat(((InetSocketAddress) settings.proxyFor(https).address()).getPort()).isEqualTo(3128);
    assertThat(settings.authorization(https)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "debian.org", ".debian.org", "x, deb.debian.org", "DEB.debian.org"})
  void goesDirectlyWhereTold(String noProxy) throws CatalogueException {
    ProxySettings settings =
        ProxySettings.fromEnvironment(Map.of("all_proxy", "http://p:1", "no_proxy", noProxy));
    assertThat(settings.proxyFor(DEBIAN)).isEqualTo(Proxy.NO_PROXY);
    assertThat(
            settings.proxyFor(URI.create("http://notdebian.org.example/")).equals(Proxy.NO_PROXY))
        .isEqualTo(noProxy.equals("*"));
  }

  @Test
  void refusesWhatIsNoProxyWithoutRepeatingIt() {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(
            () -> ProxySettings.fromEnvironment(Map.of("http_proxy", "socks5://u:secret@p:1")))
        .withMessageContaining("http_proxy")
        .withMessageNotContaining("secret");
  }
}
