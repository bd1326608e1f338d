package org.wardian.libvirt.xdr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.wardian.libvirt.wire.remote.ConnectListAllDomainsRet;
import org.wardian.libvirt.wire.remote.ConnectOpenArgs;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.DomainSetSchedulerParametersArgs;
import org.wardian.libvirt.wire.remote.NodeGetInfoRet;
import org.wardian.libvirt.wire.remote.TypedParam;
import org.wardian.libvirt.wire.remote.TypedParamValue;

/** Lengths that lie, and values that the protocol has no room for. */
class XdrLimitsTest {
  private static byte[] words(int... words) {
    ByteBuffer buffer = ByteBuffer.allocate(words.length * 4);
    for (int word : words) {
      buffer.putInt(word);
    }
    return buffer.array();
  }

  @Test
  void absentAndEmptyStringsDiffer() throws XdrException {
    ConnectOpenArgs absent = ConnectOpenArgs.read(new XdrReader(words(0, 5)));
    ConnectOpenArgs empty = ConnectOpenArgs.read(new XdrReader(words(1, 0, 5)));

    assertThat(absent).isEqualTo(new ConnectOpenArgs(null, 5));
    assertThat(empty).isEqualTo(new ConnectOpenArgs("", 5));
    assertThat(RandomStructures.bytes(absent)).isEqualTo(words(0, 5));
    assertThat(RandomStructures.bytes(empty)).isEqualTo(words(1, 0, 5));
  }

  @Test
  void aStringIsPaddedToWords() throws XdrException {
    assertThat(RandomStructures.bytes(new ConnectOpenArgs("abcde", 1)))
        .isEqualTo(words(1, 5, 0x61626364, 0x65000000, 1));
  }

  @Test
  void aTextInAnArrayTakesAWordForEachCharacter() throws XdrException {
    byte[] bytes = RandomStructures.bytes(new NodeGetInfoRet("x86_64", 1, 2, 3, 4, 5, 6, 7));

    assertThat(bytes).hasSize(32 * 4 + 8 + 6 * 4).startsWith(words('x', '8', '6', '_'));
    assertThat(NodeGetInfoRet.read(new XdrReader(bytes)).model()).isEqualTo("x86_64");
  }

  @Test
  void aTextThatFillsItsArrayHasNoNul() throws XdrException {
    String full = "é".repeat(32);
    byte[] bytes = RandomStructures.bytes(new NodeGetInfoRet(full, 1, 2, 3, 4, 5, 6, 7));

    assertThat(NodeGetInfoRet.read(new XdrReader(bytes)).model()).isEqualTo(full);
    assertThatThrownBy(
            () -> RandomStructures.bytes(new NodeGetInfoRet(full + "x", 1, 2, 3, 4, 5, 6, 7)))
        .isInstanceOf(XdrException.class)
        .hasMessage("model: 33 characters, at most 32");
  }

  @Test
  void aLengthOverTheLimitIsRefusedWithItsPlace() {
    assertThatThrownBy(() -> ConnectOpenArgs.read(new XdrReader(words(1, 4_194_305, 0))))
        .isInstanceOf(XdrException.class)
        .hasMessage("name at byte 4: 4194305 bytes, at most 4194304");
  }

  @Test
  void aLengthOverTheMessageIsRefusedWithoutItsMemory() {
    assertThatThrownBy(() -> ConnectOpenArgs.read(new XdrReader(words(1, 4_194_304, 0))))
        .isInstanceOf(XdrException.class)
        .hasMessageContaining("needs 4194304 bytes");
    assertThatThrownBy(() -> ConnectListAllDomainsRet.read(new XdrReader(words(16_384, 0))))
        .isInstanceOf(XdrException.class)
        .hasMessage("domains at byte 0: 16384 elements cannot be in the 4 bytes that follow");
  }

  @Test
  void aPresenceIsZeroOrOne() {
    assertThatThrownBy(() -> ConnectOpenArgs.read(new XdrReader(words(2, 0, 0))))
        .isInstanceOf(XdrException.class)
        .hasMessage("name at byte 0: presence is 2, not 0 or 1");
  }

  @Test
  void aNulWithinAStringIsRefused() {
    assertThatThrownBy(() -> ConnectOpenArgs.read(new XdrReader(words(1, 3, 0x61006200, 0))))
        .isInstanceOf(XdrException.class)
        .hasMessage("name at byte 9: a NUL within a string");
    assertThatThrownBy(() -> RandomStructures.bytes(new ConnectOpenArgs("a\0b", 0)))
        .isInstanceOf(XdrException.class);
  }

  @Test
  void anUnknownKindOfParameterIsRefused() {
    assertThatThrownBy(() -> TypedParamValue.read(new XdrReader(words(8, 0))))
        .isInstanceOf(XdrException.class)
        .hasMessageContaining("no case 8");
  }

  @Test
  void moreElementsThanTheLimitAreNotWritten() {
    TypedParam parameter = new TypedParam("weight", new TypedParamValue.UintValue(1));
    DomainRef domain = new DomainRef("a", new java.util.UUID(1, 2), -1);
    List<TypedParam> seventeen = Collections.nCopies(17, parameter);

    assertThatThrownBy(
            () -> RandomStructures.bytes(new DomainSetSchedulerParametersArgs(domain, seventeen)))
        .isInstanceOf(XdrException.class)
        .hasMessage("params: 17 elements, at most 16");
  }

  @Test
  void aMessageDoesNotGrowOverItsLimit() {
    XdrWriter out = new XdrWriter(16);
    assertThatThrownBy(() -> out.string("name", "more than sixteen bytes"))
        .isInstanceOf(XdrException.class)
        .hasMessage("a message of more than 16 bytes");
  }
}
