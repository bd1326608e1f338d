package org.wardian.machine.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.wardian.host.HostException;
import org.wardian.host.HostProcessor.Capability;
import org.wardian.x86.CpuModel;

class TranslatorChoiceTest {
  private static final Optional<String> UNSET = Optional.empty();
  private static final Optional<String> NO_OBSTACLE = Optional.empty();
  private static final Optional<String> FORBIDDEN = Optional.of("the host forbids it");
  private static final Capability MEMORY = new Capability(true, "it can be had");

  @Test
  void autoTranslatesWhereTheHostAllowsIt() {
    assertThat(TranslatorChoice.of(Translator.AUTO, UNSET, NO_OBSTACLE).translated()).isTrue();
  }

  @Test
  void autoInterpretsElsewhereAndSaysWhy() {
    TranslatorChoice choice = TranslatorChoice.of(Translator.AUTO, UNSET, FORBIDDEN);

    assertThat(choice.translated()).isFalse();
    assertThat(choice.reason()).isEqualTo("the host forbids it");
  }

  @Test
  void whoeverDemandsTheTranslatorHearsWhyNotAndWhatToDo() {
    assertThat(TranslatorChoice.of(Translator.HOST, UNSET, NO_OBSTACLE).translated()).isTrue();
    assertThatThrownBy(() -> TranslatorChoice.of(Translator.HOST, UNSET, FORBIDDEN))
        .isInstanceOf(HostException.class)
        .hasMessageContaining("the host forbids it")
        .hasMessageContaining("--translator off");
  }

  @Test
  void offInterpretsWhateverTheHostAllows() {
    assertThat(TranslatorChoice.of(Translator.OFF, UNSET, NO_OBSTACLE).translated()).isFalse();
  }

  @Test
  void thePropertyDecidesWhereNobodyElseDid() {
    Optional<String> on = Optional.of("true");
    Optional<String> off = Optional.of("false");

    assertThat(TranslatorChoice.of(Translator.AUTO, on, NO_OBSTACLE).translated()).isTrue();
    assertThat(TranslatorChoice.of(Translator.AUTO, off, NO_OBSTACLE).translated()).isFalse();
    assertThat(TranslatorChoice.of(Translator.OFF, on, NO_OBSTACLE).translated()).isFalse();
    assertThat(TranslatorChoice.of(Translator.HOST, off, NO_OBSTACLE).translated()).isTrue();
    // A suite that is to be translated must not pass on the interpreter.
    assertThatThrownBy(() -> TranslatorChoice.of(Translator.AUTO, on, FORBIDDEN))
        .isInstanceOf(HostException.class);
  }

  @Test
  void aModelWithMoreThanTheHostIsAnObstacle() {
    CpuModel model = CpuModel.standard();

    assertThat(TranslatorRequirements.obstacle(model, flag -> true, MEMORY)).isEmpty();
    assertThat(TranslatorRequirements.obstacle(model, flag -> !flag.equals("ssse3"), MEMORY))
        .hasValueSatisfying(why -> assertThat(why).contains("ssse3").contains(model.name()));
  }

  @Test
  void memoryThatMayNotBeExecutedIsAnObstacle() {
    Capability none = new Capability(false, "SELinux says no");

    assertThat(TranslatorRequirements.obstacle(CpuModel.standard(), flag -> true, none))
        .hasValue("SELinux says no");
  }

  @Test
  void bothTiersCanBeMeasured() {
    assertThat(TierProbe.mips(Translator.OFF, Duration.ZERO)).isPositive();
    if (TranslatorChoice.of(Translator.AUTO, CpuModel.standard()).translated()) {
      assertThat(TierProbe.mips(Translator.HOST, Duration.ZERO)).isPositive();
    }
  }
}
