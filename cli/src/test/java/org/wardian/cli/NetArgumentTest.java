package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.wardian.machine.DeviceConfiguration.CardModel;
import org.wardian.network.MacAddress;
import org.wardian.network.nat.Reach;

class NetArgumentTest {
  @Test
  void takesEachKind() {
    assertThat(NetArgument.parse("nat")).isEqualTo(NetArgument.USUAL);
    assertThat(NetArgument.parse("none").kind()).isEqualTo(NetArgument.Kind.NONE);
    assertThat(NetArgument.parse("tap=tap0").name()).isEqualTo("tap0");
    assertThat(NetArgument.parse("switch=lab").kind()).isEqualTo(NetArgument.Kind.SWITCH);
  }

  @Test
  void takesItsWords() {
    NetArgument card =
        NetArgument.parse("nat,model=e1000,mac=52:54:00:ab:cd:ef,queues=2,pcap=x.pcap,reach=host");

    assertThat(card.model()).isEqualTo(CardModel.E1000);
    assertThat(card.address()).contains(new MacAddress(0x5254_00ab_cdefL));
    assertThat(card.queues()).isEqualTo(2);
    assertThat(card.capture()).contains(Path.of("x.pcap"));
    assertThat(card.reach()).isEqualTo(Reach.HOST);
  }

  @Test
  void takesWhatAGuestStartsFromTheNetworkWith() {
    NetArgument card = NetArgument.parse("nat,tftp=/srv/tftp,bootfile=pxelinux.0");

    assertThat(card.tftp()).contains(Path.of("/srv/tftp"));
    assertThat(card.bootFile()).contains("pxelinux.0");
    assertThat(card.boots()).isTrue();
    assertThat(NetArgument.parse("nat,bootfile=http://10.0.2.2:8000/x.ipxe").boots()).isTrue();
    assertThat(NetArgument.USUAL.boots()).isFalse();
    assertThatThrownBy(() -> NetArgument.parse("switch=lab,tftp=/srv/tftp"))
        .hasMessageContaining("go with nat");
    assertThatThrownBy(() -> NetArgument.parse("nat,bootfile=two words"))
        .hasMessageContaining("bootfile is a name");
  }

  @Test
  void saysWhatThereIsWhereItMakesNoSense() {
    assertThatThrownBy(() -> NetArgument.parse("bridge=br0"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nat, none, tap=DEV or switch=NAME");
    assertThatThrownBy(() -> NetArgument.parse("tap")).hasMessageContaining("names which");
    assertThatThrownBy(() -> NetArgument.parse("nat=x")).hasMessageContaining("has no name");
    assertThatThrownBy(() -> NetArgument.parse("nat,mac=52:54")).hasMessageContaining("52:54");
    assertThatThrownBy(() -> NetArgument.parse("nat,mtu=9000")).hasMessageContaining("model=");
  }
}
