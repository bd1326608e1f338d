package org.wardian.display.vnc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.display.PaintedScreen;

/** VeNCrypt with the JDK's own TLS as the client; other clients are in {@link RealViewersTest}. */
@Timeout(600)
class VncTlsTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void aViewerWithinTls(String version) throws Exception {
    PaintedScreen screen = PaintedScreen.pattern(700, 500);
    try (VncServer server = serve(screen);
        Socket socket = connect(server)) {
      ScriptedViewer plain =
          new ScriptedViewer(socket.getInputStream(), socket.getOutputStream(), socket);
      plain.version("RFB 003.008\n");
      plain.chooseSecurity(19);
      assertThat(plain.in.readUnsignedShort()).as("version of VeNCrypt").isEqualTo(2);
      plain.out.writeShort(2);
      assertThat(plain.in.readUnsignedByte()).isZero();
      assertThat(plain.in.readUnsignedByte()).isEqualTo(1);
      assertThat(plain.in.readInt()).isEqualTo(260);
      plain.out.writeInt(260);
      assertThat(plain.in.readUnsignedByte()).isEqualTo(1);
      SSLSocket encrypted =
          (SSLSocket) trusting().getSocketFactory().createSocket(socket, "localhost", 0, true);
      encrypted.setEnabledProtocols(new String[] {version});
      encrypted.startHandshake();
      ScriptedViewer viewer =
          new ScriptedViewer(encrypted.getInputStream(), encrypted.getOutputStream(), encrypted);
      assertThat(viewer.in.readInt()).isZero();
      viewer.initialise(true);
      viewer.encodings(0);
      for (int i = 0; i < 5; i++) {
        screen.fill(i, i, 100, 100, i);
        viewer.request(false);
        viewer.update();
        assertThat(viewer.pixels).isEqualTo(screen.pixels());
      }
      // New keys in the middle: TLS 1.3 has them, TLS 1.2 would begin anew.
      encrypted.startHandshake();
      if (version.equals("TLSv1.3")) {
        viewer.request(false);
        viewer.update();
      } else {
        assertThatThrownBy(
                () -> {
                  viewer.request(false);
                  viewer.update();
                })
            .isInstanceOf(IOException.class);
      }
    }
  }

  @Test
  void whoDoesNotEncryptIsRefused() throws Exception {
    try (VncServer server = serve(new PaintedScreen(10, 10))) {
      try (ScriptedViewer viewer = ScriptedViewer.connect(server)) {
        viewer.version("RFB 003.003\n");
        assertThat(viewer.in.readInt()).isZero();
        assertThat(viewer.reason()).contains("encryption");
      }
      try (ScriptedViewer viewer = ScriptedViewer.connect(server)) {
        viewer.version("RFB 003.008\n");
        viewer.chooseSecurity(1);
        assertThat(viewer.in.readInt()).isEqualTo(1);
      }
      try (ScriptedViewer viewer = ScriptedViewer.connect(server)) {
        viewer.version("RFB 003.008\n");
        viewer.chooseSecurity(19);
        viewer.in.readShort();
        viewer.out.writeShort(2);
        viewer.in.readNBytes(6);
        viewer.out.writeInt(260);
        viewer.in.readByte();
        viewer.out.write(new byte[20_000]); // where TLS would be
        assertThat(viewer.ended()).isTrue();
      }
    }
  }

  private VncServer serve(PaintedScreen screen) throws Exception {
    Certificates certificates = Certificates.in(folder, "RSA");
    VncTls tls = VncTls.pem(certificates.certificate(), certificates.key());
    return VncServer.listen(
        VncOptions.at(VncAddress.parse("127.0.0.1::0")).withTls(tls),
        screen,
        (code, down) -> {},
        (x, y, width, height, buttons, wheel) -> {});
  }

  private static Socket connect(VncServer server) throws IOException {
    Socket socket = new Socket("127.0.0.1", ((VncAddress.Tcp) server.address()).port());
    socket.setSoTimeout(300_000);
    return socket;
  }

  private static SSLContext trusting() throws Exception {
    X509TrustManager everybody =
        new X509TrustManager() {
          @Override
          public void checkClientTrusted(X509Certificate[] chain, String kind) {}

          @Override
          public void checkServerTrusted(X509Certificate[] chain, String kind) {}

          @Override
          public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
          }
        };
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {everybody}, null);
    return context;
  }

  @Test
  void filesThatAreNoCertificatesAreNamed() throws Exception {
    Certificates good = Certificates.in(folder, "EC");
    Path other = folder.resolve("other");
    assertThatThrownBy(() -> VncTls.pem(other, good.key())).hasMessageContaining("no such file");
    Files.writeString(other, "hello");
    assertThatThrownBy(() -> VncTls.pem(other, good.key())).hasMessageContaining("certificate");
    assertThatThrownBy(() -> VncTls.pem(good.certificate(), other))
        .hasMessageContaining("no private key");
    assertThatThrownBy(() -> VncTls.keyStore(other, new char[0])).hasMessageContaining("other");
    Files.writeString(
        other, "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n");
    assertThatThrownBy(() -> VncTls.pem(good.certificate(), other))
        .hasMessageContaining("openssl pkcs8");
    Files.writeString(other, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    assertThatThrownBy(() -> VncTls.pem(good.certificate(), other)).hasMessageContaining("damaged");
    assertThatThrownBy(() -> VncTls.keyStore(good.keyStore(), "wrong".toCharArray()))
        .hasMessageContaining("password");
  }
}
