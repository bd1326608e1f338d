package org.wardian.libvirt.sasl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** SCRAM-SHA-256 against the example of RFC 7677 §3, against itself, and against noise. */
class ScramTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  private final ScramServer server =
      new ScramServer(
          Map.of("user", ScramCredential.of("pencil"), "a,b=c", ScramCredential.of("ⅷ ligature"))
              ::get);

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte... bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void theExampleOfTheSpecification() throws SaslException {
    ScramClient client = new ScramClient("user", "pencil", "rOprNGfwEbeRWgbNEkqO");

    assertThat(text(client.respond(null))).isEqualTo("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    assertThat(
            text(
                client.respond(
                    bytes(
                        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                            + "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"))))
        .isEqualTo(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    assertThat(client.respond(bytes("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="))).isNull();
    assertThat(client.isComplete()).isTrue();
  }

  private static boolean exchange(SaslExchange client, SaslExchange server) throws SaslException {
    byte[] data = null;
    while (!server.isComplete() || !client.isComplete()) {
      byte[] answer = client.respond(data);
      if (answer != null) {
        data = server.respond(answer);
      }
    }
    return true;
  }

  @Test
  void whoKnowsThePasswordGetsIn() throws SaslException {
    SaslExchange exchange = server.begin();
    assertThat(exchange(new ScramClient("user", "pencil"), exchange)).isTrue();
    assertThat(exchange.user()).isEqualTo("user");
    SaslExchange other = server.begin();
    // The same password after normalization, and a name that has to be escaped.
    assertThat(exchange(new ScramClient("a,b=c", "viii ligature"), other)).isTrue();
    assertThat(other.user()).isEqualTo("a,b=c");
  }

  @Test
  void aWrongPasswordAndAnUnknownNameFailAlike() {
    assertThatThrownBy(() -> exchange(new ScramClient("user", "pen"), server.begin()))
        .isInstanceOf(SaslException.class)
        .hasMessage("a wrong name or password");
    assertThatThrownBy(() -> exchange(new ScramClient("nobody", "pencil"), server.begin()))
        .isInstanceOf(SaslException.class)
        .hasMessage("a wrong name or password");
  }

  @Test
  void aDaemonThatDoesNotKnowThePasswordIsFoundOut() throws SaslException {
    ScramClient client = new ScramClient("user", "pencil", "nonce");
    client.respond(null);
    client.respond(bytes("r=nonceX,s=AAAA,i=4096"));
    String signature = Base64.getEncoder().encodeToString(new byte[32]);
    assertThatThrownBy(() -> client.respond(bytes("v=" + signature)))
        .isInstanceOf(SaslException.class)
        .hasMessageContaining("does not know");
    assertThat(client.isComplete()).isFalse();
  }

  @Test
  void credentialsAreKeptAsText() {
    ScramCredential credential = ScramCredential.of("secret");

    assertThat(ScramCredential.parse(credential.toText())).isEqualTo(credential);
    assertThat(credential.toString()).doesNotContain(credential.toText().substring(10, 30));
    assertThatThrownBy(() -> ScramCredential.parse("4096:AAAA:AAAA"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void noBytesDoHarm() {
    SplittableRandom random = new SplittableRandom(3);
    String pieces = "n,y,p=a=user,r=abc,n=us=2Cer,c=biws,s=i=4096,v=e=,,==\0ä";
    for (int i = 0; i < ITERATIONS; i++) {
      SaslExchange exchange =
          random.nextBoolean() ? server.begin() : new ScramClient("user", "pencil");
      for (int message = 0; message < 3; message++) {
        StringBuilder text = new StringBuilder(message == 0 ? "n,,n=user,r=x" : "");
        for (int length = random.nextInt(20); length > 0; length--) {
          text.append(pieces.charAt(random.nextInt(pieces.length())));
        }
        byte[] data = bytes(text.toString());
        if (random.nextInt(4) == 0) {
          random.nextBytes(data);
        }
        try {
          exchange.respond(random.nextInt(20) == 0 ? null : data);
        } catch (SaslException refused) {
          assertThat(refused).hasMessageMatching("(?s).+");
          break;
        }
        assertThat(exchange.isComplete()).isFalse();
      }
    }
  }
}
