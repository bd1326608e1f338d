package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.device.DeviceLimits;
import org.wardian.storage.device.ErrorPolicy;
import org.wardian.storage.device.RateLimit;

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
    assertThat(disk.options().limits().operations().perSecond()).isEqualTo(100);
    assertThat(disk.options().limits().bytes().perSecond()).isEqualTo(2 << 20);
    assertThat(DiskArgument.disk("a,snapshot=off").snapshot()).isFalse();
    assertThat(DiskArgument.disk("a,snapshot=on").snapshot()).isTrue();
  }

  @Test
  void takesLimitsOfEachKindWithTheirBursts() {
    DeviceLimits limits =
        DiskArgument.disk(
                "a,bps=10M,bps-burst=40M,bps-read=8M,bps-write=4M,iops=100,iops-burst=1000,"
                    + "iops-read=80,iops-write=60,burst-seconds=5")
            .options()
            .limits();

    assertThat(limits.bytes()).isEqualTo(new RateLimit(10 << 20, 40 << 20, 5));
    assertThat(limits.readBytes()).isEqualTo(RateLimit.of(8 << 20));
    assertThat(limits.writeBytes()).isEqualTo(RateLimit.of(4 << 20));
    assertThat(limits.operations()).isEqualTo(new RateLimit(100, 1000, 5));
    assertThat(limits.readOperations()).isEqualTo(RateLimit.of(80));
    assertThat(limits.writeOperations()).isEqualTo(RateLimit.of(60));
    assertThatThrownBy(() -> DiskArgument.disk("a,bps-burst=1M"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("need a limit");
  }

  @Test
  void takesPoliciesForErrorsDiscardsAndFlushes() {
    DiskArgument usual = DiskArgument.disk("a");

    assertThat(usual.options().writeErrors()).isEqualTo(ErrorPolicy.STOP_ON_NO_SPACE);
    assertThat(usual.options().discards()).isTrue();
    assertThat(usual.flushed()).isTrue();
    assertThat(DiskArgument.disk("a,errors=stop").options().readErrors())
        .isEqualTo(ErrorPolicy.STOP);
    assertThat(DiskArgument.disk("a,errors=ignore").options().writeErrors())
        .isEqualTo(ErrorPolicy.IGNORE);
    assertThat(DiskArgument.disk("a,errors=report").options().writeErrors())
        .isEqualTo(ErrorPolicy.REPORT);
    assertThat(DiskArgument.disk("a,discard=off").options().discards()).isFalse();
    assertThat(DiskArgument.disk("a,cache=unsafe").flushed()).isFalse();
    assertThatThrownBy(() -> DiskArgument.disk("a,cache=none"))
        .hasMessageContaining("safe, unsafe");
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
    assertThatThrownBy(() -> DiskArgument.disk("a,aio=native"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("knows no aio")
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
