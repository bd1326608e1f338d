package org.wardian.libvirt.sasl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.sasl.AuthorizeCallback;
import javax.security.sasl.RealmCallback;
import javax.security.sasl.Sasl;
import javax.security.sasl.SaslClient;
import javax.security.sasl.SaslServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.libvirt.rpc.SecurityLayer;
import org.wardian.libvirt.sasl.DigestKeys.Prover;

/**
 * DIGEST-MD5 against the example of RFC 2831 §4, against Java's own, both sides of it, against
 * itself, and against noise.
 */
class DigestTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  private final DigestServer server =
      new DigestServer(
          Map.of(
                  "fred", DigestCredential.of("fred", "secret"),
                  "Jürgen", DigestCredential.of("Jürgen", "Gemüse"),
                  "木\"\\", DigestCredential.of("木\"\\", "叶, =")) // what has to be quoted
              ::get);

  @Test
  void theExampleOfTheSpecification() {
    DigestCredential chris = DigestCredential.of("chris", "elwood.innosoft.com", "secret");
    DigestKeys keys = new DigestKeys(chris, "OA6MG9tEQGm2hh", "OA6MHXh6VqTrRk", null);
    String uri = "imap/elwood.innosoft.com";

    assertThat(keys.proof(Prover.CLIENT, uri, "auth"))
        .isEqualTo("d388dad90d4bbd760a152321f2143af7");
    assertThat(keys.proof(Prover.SERVER, uri, "auth"))
        .isEqualTo("ea40f60335c427b5527b84dbabcdfffd");
  }

  private static void exchange(SaslExchange client, SaslExchange server) throws SaslException {
    byte[] data = null;
    while (!server.isComplete() || !client.isComplete()) {
      byte[] answer = client.respond(data);
      data = server.isComplete() ? null : server.respond(answer);
    }
  }

  private static byte[] noise(SplittableRandom random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** The buffer behind the length word, which has to be the word's. */
  private static byte[] buffer(byte[] wrapped) {
    byte[] buffer = Arrays.copyOfRange(wrapped, 4, wrapped.length);
    assertThat(ByteBuffer.wrap(wrapped).getInt()).isEqualTo(buffer.length);
    return buffer;
  }

  private static byte[] pass(SecurityLayer from, SecurityLayer to, byte[] data) throws IOException {
    byte[] buffer = buffer(from.wrap(data, 0, data.length));
    assertThat(buffer).hasSizeLessThanOrEqualTo(to.largest());
    return to.unwrap(buffer, 0, buffer.length);
  }

  @ParameterizedTest
  @CsvSource({"fred,secret", "Jürgen,Gemüse", "木\"\\,'叶, ='"})
  void whoKnowsThePasswordGetsInAndIsEncrypted(String user, String password) throws Exception {
    SaslExchange daemon = server.begin();
    SaslExchange client = new DigestClient(user, password, "localhost", true);
    exchange(client, daemon);

    assertThat(daemon.user()).isEqualTo(user);
    SplittableRandom random = new SplittableRandom(1);
    for (int length : new int[] {0, 1, 5, 6, 7, 8, 50_000, client.layer().mostAtOnce()}) {
      byte[] data = noise(random, length);
      assertThat(pass(client.layer(), daemon.layer(), data)).isEqualTo(data);
      assertThat(pass(daemon.layer(), client.layer(), data)).isEqualTo(data);
    }
  }

  @Test
  void aWrongPasswordAndAnUnknownNameFailAlike() {
    for (String user : new String[] {"fred", "nobody"}) {
      assertThatThrownBy(
              () -> exchange(new DigestClient(user, "guess", "localhost", true), server.begin()))
          .isInstanceOf(SaslException.class)
          .hasMessage("a wrong name or password");
    }
  }

  @Test
  void aResponseCountsOnce() throws SaslException {
    SaslExchange first = server.begin();
    byte[] response =
        new DigestClient("fred", "secret", "localhost", true).respond(first.respond(null));
    first.respond(response);
    SaslExchange second = server.begin();
    second.respond(null);

    assertThatThrownBy(() -> second.respond(response))
        .isInstanceOf(SaslException.class)
        .hasMessageContaining("does not follow");
    assertThat(second.isComplete()).isFalse();
    assertThatThrownBy(() -> first.respond(response)).isInstanceOf(SaslException.class);
  }

  @Test
  void aDaemonThatDoesNotKnowThePasswordOrDoesNotEncryptIsFoundOut() throws SaslException {
    DigestClient client = new DigestClient("fred", "secret", "localhost", true);
    client.respond(server.begin().respond(null));
    assertThatThrownBy(() -> client.respond(bytes("rspauth=" + "0".repeat(32))))
        .hasMessageContaining("does not know");
    assertThat(client.isComplete()).isFalse();
    DigestClient other = new DigestClient("fred", "secret", "localhost", true);
    assertThatThrownBy(() -> other.respond(bytes("nonce=\"x\",qop=\"auth\",algorithm=md5-sess")))
        .hasMessageContaining("use TLS");
  }

  @Test
  void credentialsAreKeptAsText() {
    DigestCredential credential = DigestCredential.of("fred", "secret");

    assertThat(DigestCredential.parse(credential.toText())).isEqualTo(credential);
    assertThat(credential.toString()).doesNotContain(credential.toText());
    assertThatThrownBy(() -> DigestCredential.parse("abcd"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static CallbackHandler answers(String user, String password) {
    return callbacks -> {
      for (Callback callback : callbacks) {
        switch (callback) {
          case NameCallback name -> name.setName(user);
          case PasswordCallback secret -> secret.setPassword(password.toCharArray());
          case RealmCallback realm -> realm.setText(realm.getDefaultText());
          case AuthorizeCallback authorize -> authorize.setAuthorized(true);
          default -> throw new IllegalStateException(callback.toString());
        }
      }
    };
  }

  static Stream<Arguments> javasClients() {
    return Stream.of(
        Arguments.of("fred", "secret", "rc4"),
        Arguments.of("fred", "secret", "3des"),
        Arguments.of("Jürgen", "Gemüse", "rc4"));
  }

  @ParameterizedTest
  @MethodSource("javasClients")
  void javasClientGetsIn(String user, String password, String cipher) throws Exception {
    SaslClient client =
        Sasl.createSaslClient(
            new String[] {DigestServer.NAME},
            null,
            "libvirt",
            "localhost",
            Map.of(Sasl.QOP, "auth-conf", "com.sun.security.sasl.digest.cipher", cipher),
            answers(user, password));
    SaslExchange daemon = server.begin();
    byte[] response = client.evaluateChallenge(daemon.respond(null));
    assertThat(new String(response, StandardCharsets.ISO_8859_1)).contains("cipher=\"" + cipher);
    client.evaluateChallenge(daemon.respond(response));

    assertThat(client.isComplete()).isTrue();
    assertThat(daemon.user()).isEqualTo(user);
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < 50; i++) {
      byte[] data = noise(random, 1 + random.nextInt(10_000));
      byte[] out = buffer(daemon.layer().wrap(data, 0, data.length));
      assertThat(client.unwrap(out, 0, out.length)).isEqualTo(data);
      // Java's gives the buffer without its length.
      byte[] in = client.wrap(data, 0, data.length);
      assertThat(daemon.layer().unwrap(in, 0, in.length)).isEqualTo(data);
    }
  }

  @ParameterizedTest
  @CsvSource({"auth,false", "auth-conf,true"})
  void javasServerLetsIn(String protection, boolean plain) throws Exception {
    SaslServer daemon =
        Sasl.createSaslServer(
            DigestServer.NAME,
            "libvirt",
            "localhost",
            Map.of(Sasl.QOP, protection, "com.sun.security.sasl.digest.realm", "garden"),
            answers("fred", "secret"));
    DigestClient client = new DigestClient("fred", "secret", "localhost", plain);
    byte[] challenge = daemon.evaluateResponse(new byte[0]);
    assertThat(client.respond(daemon.evaluateResponse(client.respond(challenge)))).isNull();

    assertThat(client.isComplete()).isTrue();
    assertThat(daemon.isComplete()).isTrue();
    assertThat(client.layer() != null).isEqualTo(plain);
    if (plain) {
      byte[] data = noise(new SplittableRandom(3), 9_999);
      byte[] out = buffer(client.layer().wrap(data, 0, data.length));
      assertThat(daemon.unwrap(out, 0, out.length)).isEqualTo(data);
      byte[] in = daemon.wrap(data, 0, data.length);
      assertThat(client.layer().unwrap(in, 0, in.length)).isEqualTo(data);
    }
  }

  private static DigestLayer layer(DigestCipher cipher, boolean server) {
    DigestKeys keys =
        new DigestKeys(DigestCredential.of("fred", "secret"), "nonce", "client", null);
    return new DigestLayer(keys, cipher, server, 65_536);
  }

  @ParameterizedTest
  @EnumSource(DigestCipher.class)
  void aBufferThatWasChangedRepeatedOrLeftOutIsRefused(DigestCipher cipher) throws Exception {
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < ITERATIONS / 10; i++) {
      DigestLayer client = layer(cipher, false);
      DigestLayer server = layer(cipher, true);
      byte[] first = buffer(client.wrap(noise(random, 40), 0, random.nextInt(40)));
      byte[] second = buffer(client.wrap(noise(random, 40), 0, random.nextInt(40)));
      byte[] hostile =
          switch (random.nextInt(4)) {
            case 0 -> second;
            case 1 -> Arrays.copyOf(first, random.nextInt(first.length));
            case 2 -> noise(random, random.nextInt(60));
            default -> {
              byte[] changed = first.clone();
              changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
              yield changed;
            }
          };
      assertThatThrownBy(() -> server.unwrap(hostile, 0, hostile.length))
          .isInstanceOf(ProtocolException.class);
    }
    DigestLayer client = layer(cipher, false);
    DigestLayer server = layer(cipher, true);
    byte[] once = buffer(client.wrap(new byte[9], 0, 9));
    server.unwrap(once, 0, once.length);
    assertThatThrownBy(() -> server.unwrap(once, 0, once.length))
        .isInstanceOf(ProtocolException.class);
  }

  @Test
  void noBytesDoHarm() {
    SplittableRandom random = new SplittableRandom(5);
    String[] pieces = {
      "username=",
      "\"fred\"",
      "realm=",
      "\"wardian\"",
      "nonce=",
      "cnonce=",
      "nc=00000001",
      "qop=",
      "auth-conf",
      "auth",
      "cipher=",
      "rc4",
      "3des",
      "charset=utf-8",
      "maxbuf=",
      "65536",
      "99999999",
      "1",
      "digest-uri=",
      "\"libvirt/x\"",
      "response=",
      "0123456789abcdef",
      "rspauth=",
      "authzid=",
      ",",
      ",",
      ",",
      ",",
      "=",
      "\"",
      "\\",
      " ",
      "\t",
      "ü",
      "\0",
      "algorithm=md5-sess"
    };
    for (int i = 0; i < ITERATIONS; i++) {
      boolean asServer = random.nextBoolean();
      SaslExchange exchange =
          asServer ? server.begin() : new DigestClient("fred", "secret", "x", random.nextBoolean());
      try {
        String nonce = "";
        if (asServer) {
          byte[] challenge = exchange.respond(null);
          nonce = DigestMessage.parse(challenge).get("nonce");
        }
        for (int message = 0; message < 2; message++) {
          StringBuilder text = new StringBuilder();
          if (random.nextInt(4) > 0) {
            text.append("username=\"fred\",realm=\"wardian\",nc=00000001,qop=auth-conf,nonce=\"")
                .append(nonce)
                .append("\",");
          }
          for (int length = random.nextInt(24); length > 0; length--) {
            text.append(pieces[random.nextInt(pieces.length)]);
          }
          byte[] data = bytes(text.toString());
          if (random.nextInt(8) == 0) {
            data = noise(random, random.nextInt(5_000));
          }
          exchange.respond(random.nextInt(20) == 0 ? null : data);
        }
      } catch (SaslException refused) {
        assertThat(refused).hasMessageMatching("(?s).+");
      }
      assertThat(exchange.isComplete()).isFalse();
    }
  }
}
