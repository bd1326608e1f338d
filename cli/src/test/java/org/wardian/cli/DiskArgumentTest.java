package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.storage.ImageFormat;

class DiskArgumentTest {
  @Test
  void anImageAloneIsAVirtioDisk() {
    DiskArgument disk = DiskArgument.disk("a.qcow2");

    assertThat(disk.image()).isEqualTo(Path.of("a.qcow2"));
    assertThat(disk.bus()).isEqualTo(DiskBus.VIRTIO);
    assertThat(disk.readOnly()).isFalse();
    assertThat(disk.snapshot()).isFalse();
    assertThat(disk.format()).isEmpty();
    assertThat(disk.queues()).isZero();
  }

  @Test
  void takesItsWords() {
    DiskArgument disk =
        DiskArgument.disk("a.img,bus=ahci,readonly,format=raw,serial=X 1,iops=100,bps=2M,queues=3");

    assertThat(disk.bus()).isEqualTo(DiskBus.AHCI);
    assertThat(disk.readOnly()).isTrue();
    assertThat(disk.format()).contains(ImageFormat.RAW);
    assertThat(disk.serial()).isEqualTo("X 1");
    assertThat(disk.queues()).isEqualTo(3);
    assertThat(disk.limits().operations().perSecond()).isEqualTo(100);
    assertThat(disk.limits().bytes().perSecond()).isEqualTo(2 << 20);
    assertThat(DiskArgument.disk("a,snapshot=off").snapshot()).isFalse();
    assertThat(DiskArgument.disk("a,snapshot=on").snapshot()).isTrue();
  }

  @Test
  void aCommaInANameIsWrittenTwice() {
    assertThat(DiskArgument.disk("a,,b.img,readonly").image()).isEqualTo(Path.of("a,b.img"));
  }

  @Test
  void aCdromIsReadOnlyAndOnAhci() {
    DiskArgument disc = DiskArgument.cdrom("debian.iso");

    assertThat(disc.cdrom()).isTrue();
    assertThat(disc.readOnly()).isTrue();
    assertThat(disc.bus()).isEqualTo(DiskBus.AHCI);
  }

  @Test
  void saysWhatItKnowsWhereAWordMakesNoSense() {
    assertThatThrownBy(() -> DiskArgument.disk("a,cache=none"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("knows no cache")
        .hasMessageContaining("bus=virtio");
    assertThatThrownBy(() -> DiskArgument.disk("a,bus=mfm"))
        .hasMessageContaining("bus is one of virtio, scsi, ide, ahci, not mfm");
    assertThatThrownBy(() -> DiskArgument.disk("a,format=tar")).hasMessageContaining("qcow2");
    assertThatThrownBy(() -> DiskArgument.disk("a,queues=0")).hasMessageContaining("1 to 64");
    assertThatThrownBy(() -> DiskArgument.disk("a,readonly=yes")).hasMessageContaining("on or off");
    assertThatThrownBy(() -> DiskArgument.disk("a,readonly,readonly"))
        .hasMessageContaining("readonly twice");
    assertThatThrownBy(() -> DiskArgument.disk("a,readonly,snapshot"))
        .hasMessageContaining("exclude each other");
    assertThatThrownBy(() -> DiskArgument.disk(",readonly")).hasMessageContaining("no image");
  }
}
