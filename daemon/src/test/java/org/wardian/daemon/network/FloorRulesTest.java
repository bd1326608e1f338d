package org.wardian.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.definition.network.NetworkPortDocument;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** What a network may promise, in the words of libvirtd 9.0. */
class FloorRulesTest {
  private static NetworkDocument network(String inbound) throws Exception {
    return NetworkDocument.parse(
        """
        <network><name>nb</name><forward mode='nat'/><bridge name='vnb'/>
          <bandwidth>%s<outbound average='1000'/></bandwidth>
          <ip address='192.168.72.1' netmask='255.255.255.0'/>
        </network>
        """
            .formatted(inbound));
  }

  private static NetworkPortDocument port(int number, String inbound) throws Exception {
    return NetworkPortDocument.parse(
        """
        <networkport><uuid>%s</uuid>
          <owner><name>fern</name><uuid>%s</uuid></owner>
          <mac address='52:54:00:00:00:0%d'/>%s
        </networkport>
        """
            .formatted(
                new UUID(1, number),
                new UUID(2, number),
                number,
                inbound.isEmpty() ? "" : "<bandwidth>" + inbound + "</bandwidth>"));
  }

  private static void refused(ThrowingCallable call, ErrorNumber number, String words) {
    assertThatThrownBy(call)
        .hasMessageEndingWith(words)
        .isInstanceOfSatisfying(LibvirtException.class, e -> assertThat(e.is(number)).isTrue());
  }

  @Test
  void theSumIsNotAboveThePeakOrTheAverage() throws Exception {
    NetworkDocument peak = network("<inbound average='1000' peak='2000' burst='1024'/>");
    NetworkDocument average = network("<inbound average='1000'/>");
    NetworkPortDocument first = port(1, "<inbound average='100' floor='500'/>");
    List<NetworkPortDocument> ports =
        List.of(first, port(3, ""), port(4, "<inbound floor='600'/>"));

    FloorRules.check(peak, ports, port(2, "<inbound floor='900'/>"));
    refused(
        () -> FloorRules.check(peak, ports, port(2, "<inbound floor='901'/>")),
        ErrorNumber.OPERATION_INVALID,
        "Cannot plug '52:54:00:00:00:02' interface into 'vnb' because new combined inbound"
            + " floor=2001 would overcommit peak=2000 on network 'nb'");
    refused(
        () -> FloorRules.check(average, List.of(first), port(2, "<inbound floor='501'/>")),
        ErrorNumber.OPERATION_INVALID,
        "Cannot plug '52:54:00:00:00:02' interface into 'vnb' because new combined inbound"
            + " floor=1001 would overcommit average=1000 on network 'nb'");
  }

  @Test
  void whatAPortHadIsNotCountedAgain() throws Exception {
    NetworkDocument network = network("<inbound average='1000'/>");
    List<NetworkPortDocument> ports =
        List.of(port(1, "<inbound floor='500'/>"), port(2, "<inbound floor='400'/>"));

    FloorRules.check(network, ports, port(1, "<inbound floor='600'/>"));
    refused(
        () -> FloorRules.check(network, ports, port(1, "<inbound floor='601'/>")),
        ErrorNumber.OPERATION_INVALID,
        "new combined inbound floor=1001 would overcommit average=1000 on network 'nb'");
  }

  @Test
  void aNetworkWithoutInboundBandwidthPromisesNothing() throws Exception {
    NetworkDocument network = network("");
    refused(
        () -> FloorRules.check(network, List.of(), port(1, "<inbound floor='1'/>")),
        ErrorNumber.OPERATION_UNSUPPORTED,
        "Invalid use of 'floor' on interface with MAC address 52:54:00:00:00:01 - network 'nb' has"
            + " no inbound QoS set");
    assertThatCode(() -> FloorRules.check(network, List.of(), port(1, "<inbound average='9'/>")))
        .doesNotThrowAnyException();
  }
}
