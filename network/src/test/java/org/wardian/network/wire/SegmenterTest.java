package org.wardian.network.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.wardian.network.Frame;
import org.wardian.network.Frame.Segmentation;
import org.wardian.network.NetworkPort.Offloads;

class SegmenterTest {
  private static final int SEGMENT = 1400;

  /** A long frame with {@code payload} bytes of which each tells its place. */
  private static Frame longFrame(Segmentation kind, int payload) {
    boolean six = kind == Segmentation.TCP6;
    boolean udp = kind == Segmentation.UDP;
    IpAddress from = IpAddress.parse(six ? "fec0::15" : "10.0.2.15");
    IpAddress to = IpAddress.parse(six ? "fec0::2" : "10.0.2.2");
    int ipHeader = six ? IpPacket.HEADER6 : IpPacket.HEADER4;
    int header = udp ? UdpHeader.SIZE : TcpHeader.SIZE;
    int protocol = udp ? IpProtocol.UDP : IpProtocol.TCP;
    byte[] bytes = new byte[Ethernet.HEADER + ipHeader + header + payload];
    Ethernet.write(bytes, 0, 2, 4, six ? Ethernet.IPV6 : Ethernet.IPV4);
    if (six) {
      IpPacket.write6(bytes, Ethernet.HEADER, header + payload, 64, protocol, from, to);
    } else {
      int total = ipHeader + header + payload;
      IpPacket.write4(bytes, Ethernet.HEADER, total, 9, 0x4000, 64, protocol, from, to);
    }
    int at = Ethernet.HEADER + ipHeader;
    if (udp) {
      UdpHeader.write(bytes, at, 1000, 2000, payload);
    } else {
      int flags = TcpHeader.ACK | TcpHeader.PSH | TcpHeader.FIN;
      TcpHeader.write(bytes, at, 1000, 2000, 77, 88, TcpHeader.SIZE, flags, 500);
    }
    for (int i = 0; i < payload; i++) {
      bytes[at + header + i] = (byte) (i * 7 + i / 256);
    }
    long pseudo = InternetChecksum.pseudoHeader(from, to, protocol, header + payload);
    int field = udp ? UdpHeader.CHECKSUM : TcpHeader.CHECKSUM;
    NetworkOrder.put16(bytes, at + field, InternetChecksum.fold(pseudo));
    return new Frame(bytes, 0, bytes.length, at, field, false, kind, SEGMENT);
  }

  private static List<Frame> adapt(Frame frame, Offloads offloads) {
    List<Frame> frames = new ArrayList<>();
    Segmenter.adapt(frame, offloads, frames::add);
    return frames;
  }

  @ParameterizedTest
  @EnumSource(value = Segmentation.class, mode = Mode.EXCLUDE, names = "NONE")
  void longFramesAreCutIntoCompleteOnes(Segmentation kind) {
    Frame whole = longFrame(kind, 10_000);
    assertThat(adapt(whole, Offloads.ALL)).containsExactly(whole);
    List<Frame> parts = adapt(whole, Offloads.NONE);
    assertThat(parts).hasSize(8);
    ByteArrayOutputStream payload = new ByteArrayOutputStream();
    for (Frame part : parts) {
      assertThat(part.segmentation()).isEqualTo(Segmentation.NONE);
      assertThat(part.checksumStart()).isEqualTo(-1);
      IpPacket packet =
          kind == Segmentation.TCP6
              ? IpPacket.parse6(part.bytes(), Ethernet.HEADER, part.length() - Ethernet.HEADER)
              : IpPacket.parse4(
                  part.bytes(), Ethernet.HEADER, part.length() - Ethernet.HEADER, false);
      assertThat(packet).isNotNull();
      long pseudo =
          InternetChecksum.pseudoHeader(
              packet.source(), packet.destination(), packet.protocol(), packet.length());
      long sum = InternetChecksum.add(pseudo, packet.bytes(), packet.payload(), packet.length());
      assertThat(InternetChecksum.fold(sum)).isEqualTo(0xffff);
      if (kind == Segmentation.UDP) {
        UdpHeader header = UdpHeader.parse(part.bytes(), packet.payload(), packet.length());
        payload.write(part.bytes(), header.payload(), header.length());
      } else {
        TcpHeader header = TcpHeader.parse(part.bytes(), packet.payload(), packet.length());
        assertThat(header.sequence()).isEqualTo(77 + payload.size());
        payload.write(part.bytes(), header.payload(), header.length());
        assertThat(header.has(TcpHeader.FIN)).isEqualTo(payload.size() == 10_000);
      }
    }
    byte[] expected = new byte[10_000];
    System.arraycopy(whole.bytes(), whole.length() - 10_000, expected, 0, 10_000);
    assertThat(payload.toByteArray()).isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource(Segmentation.class)
  void anyFrameIsCutOrDropped(Segmentation kind) {
    SplittableRandom random = new SplittableRandom(8);
    Frame whole = longFrame(kind == Segmentation.NONE ? Segmentation.TCP4 : kind, 3000);
    int cut = 0;
    for (int i = 0; i < Damage.ITERATIONS; i++) {
      byte[] bytes = Damage.apply(whole.bytes(), random);
      int start = random.nextInt(4) == 0 ? random.nextInt(4000) : whole.checksumStart();
      int segment = random.nextInt(4) == 0 ? random.nextInt(65_536) : SEGMENT;
      Frame frame =
          new Frame(bytes, 0, bytes.length, start, whole.checksumOffset(), false, kind, segment);
      for (Frame part : adapt(frame, Offloads.NONE)) {
        assertThat(part.offset() + part.length()).isLessThanOrEqualTo(part.bytes().length);
        assertThat(part.length()).isLessThanOrEqualTo(bytes.length);
        cut++;
      }
    }
    assertThat(cut).isPositive();
  }
}
