package org.wardian.libvirt.sasl;

import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.wardian.libvirt.rpc.SecurityLayer;

/**
 * DIGEST-MD5's layer that encrypts (RFC 2831 §2.4). A buffer is the message, filled up to whole
 * blocks, and 10 bytes of its authentication code, encrypted; then the version 1 in two bytes and
 * the buffer's number in four.
 */
final class DigestLayer implements SecurityLayer {
  /** The longest buffer that is taken from the peer. */
  static final int LARGEST = 65_536;

  /** The least that a peer has to take at once. */
  static final int LEAST = 1_024;

  private static final int CODE = 10;
  private static final int TAIL = 6;

  private final int block;
  private final int mostAtOnce;
  private final Mac outgoingCode;
  private final Mac incomingCode;
  private final Cipher outgoing;
  private final Cipher incoming;
  private int sent;
  private int received;

  /**
   * For one side.
   *
   * @param server whether it is the server's
   * @param peersLargest the longest buffer that the peer takes
   */
  DigestLayer(DigestKeys keys, DigestCipher cipher, boolean server, int peersLargest) {
    block = cipher.block();
    mostAtOnce = Math.min(peersLargest, LARGEST) - CODE - TAIL - block;
    outgoingCode = mac(keys.signing(!server));
    incomingCode = mac(keys.signing(server));
    outgoing = cipher.begin(Cipher.ENCRYPT_MODE, keys.sealing(!server));
    incoming = cipher.begin(Cipher.DECRYPT_MODE, keys.sealing(server));
  }

  private static Mac mac(byte[] key) {
    try {
      Mac mac = Mac.getInstance("HmacMD5");
      mac.init(new SecretKeySpec(key, "HmacMD5"));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] code(Mac mac, int number, byte[] from, int offset, int length) {
    mac.update(ByteBuffer.allocate(4).putInt(number).flip());
    mac.update(from, offset, length);
    return Arrays.copyOf(mac.doFinal(), CODE);
  }

  @Override
  public byte[] wrap(byte[] from, int offset, int length) {
    int filling = block == 1 ? 0 : block - (length + CODE) % block;
    byte[] clear = new byte[length + filling + CODE];
    System.arraycopy(from, offset, clear, 0, length);
    Arrays.fill(clear, length, length + filling, (byte) filling);
    System.arraycopy(
        code(outgoingCode, sent, from, offset, length), 0, clear, length + filling, CODE);
    return ByteBuffer.allocate(4 + clear.length + TAIL)
        .putInt(clear.length + TAIL)
        .put(outgoing.update(clear))
        .putShort((short) 1)
        .putInt(sent++)
        .array();
  }

  @Override
  public byte[] unwrap(byte[] from, int offset, int length) throws ProtocolException {
    int sealed = length - TAIL;
    if (sealed < CODE || sealed % block != 0) {
      throw new ProtocolException("a protected buffer of " + length + " bytes");
    }
    ByteBuffer tail = ByteBuffer.wrap(from, offset + sealed, TAIL);
    if (tail.getShort() != 1 || tail.getInt() != received) {
      throw new ProtocolException("a protected buffer that is not number " + received);
    }
    byte[] clear = incoming.update(from, offset, sealed);
    int filling = block == 1 ? 0 : clear[sealed - CODE - 1];
    int size = sealed - CODE - filling;
    boolean whole = filling >= 0 && filling <= block && size >= 0 && (block == 1 || filling > 0);
    byte[] code = code(incomingCode, received++, clear, 0, whole ? size : 0);
    if (!whole || !MessageDigest.isEqual(code, Arrays.copyOfRange(clear, sealed - CODE, sealed))) {
      throw new ProtocolException("a protected buffer that was changed on its way");
    }
    return Arrays.copyOf(clear, size);
  }

  @Override
  public int largest() {
    return LARGEST;
  }

  @Override
  public int mostAtOnce() {
    return mostAtOnce;
  }
}
