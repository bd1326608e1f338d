package org.wardian.x86;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where objdump and our disassembler differ on purpose: the documented list.
 *
 * <p>Whatever is not excused here must agree in length and, after {@link #normalize}, in text.
 */
final class ObjdumpDialect {
  private static final String WORDS =
      "rex(?:\\.[WRXB]+)?|data16|data32|addr16|addr32|[c-gs]s|bnd|notrack|xacquire|xrelease|repz|repnz|rep";
  private static final Pattern PREFIXES = Pattern.compile("^(?:(?:" + WORDS + ") )+(?=[a-z])");
  private static final Pattern LOCKED = Pattern.compile("^lock (?:(?:lock|" + WORDS + ") )+");
  private static final Pattern NO_INDEX = Pattern.compile("\\+?[re]iz\\*[1248]");
  private static final Pattern HIGH_DISPLACEMENT =
      Pattern.compile("\\[([re]ip)\\+0x([89a-f][0-9a-f]{15})]");
  private static final Pattern OFFSET = Pattern.compile("[A-Z]+ PTR (?=[c-gs]s:0x)");
  private static final Pattern ACCUMULATOR_MOVE = Pattern.compile("^mov(abs)? .*");
  private static final Pattern NO_REGISTER =
      Pattern.compile("(?:([c-gs]s):)?\\[([re])iz\\*[1248]([+-])0x([0-9a-f]+)]");

  /** Mnemonics that objdump has for encodings which are NOP without their feature. */
  private static final Pattern HINTS =
      Pattern.compile(
          "^(?:prefetch\\w*|endbr(?:32|64)|rdssp[dq]|cldemote|bnd\\w+|nopw?|xchg"
              + " (?:ax,ax|eax,eax|rax,rax)|xchg r?ax,r?ax|reservednop)\\b.*");

  /** Instructions of features that the default model does not have. */
  private static final Pattern ABSENT =
      Pattern.compile(
          "^(?:\\{e?vex}.*|v[a-z0-9_]+|k[a-z]+|x(?:beginw?|abort|end|test|savec(?:64)?|saves(?:64)?|rstors(?:64)?"
              + "|store-rng|crypt.*|sha.*|store.*|susldtrk|resldtrk)|sha\\w+|movbe|rdseed|rdpid|rdpkru|wrpkru"
              + "|getsec|monitorx?|mwaitx?|umonitor|umwait|tpause|clwb|clflushopt|clzero|xsaveopt(?:64)?"
              + "|movdir\\w+|enqcmds?|ptwrite|gf2p8\\w+|adcx|adox|invept|invvpid|wbnoinvd|serialize|encl[a-z]"
              + "|pconfig|hreset|clui|stui|testui|uiret|senduipi|incssp\\w*|saveprevssp|rstorssp|setssbsy"
              + "|clrssbsy|wrss\\w|wruss\\w|aes\\w+kl|aes\\w+wide\\w*|encodekey\\w+|loadiwkey|extrq|insertq"
              + "|movnts[sd]|femms|pf\\w+|pi2f[wd]|pavgusb|pmulhrw|pswapd|stgi|clgi|skinit|invlpg[ab]\\w*|tlbsync"
              + "|psmash|pvalidate|rmp\\w+|rdpru|mcommit|montmul|seamcall|seamops|seamret|tdcall|blsr|blsi|blsmsk"
              + "|bzhi|bextr|andn|pdep|pext|rorx|sarx|shlx|shrx|mulx|llwpcb|slwpcb|lwp\\w+|tzmsk|blc\\w+|t1mskc"
              + "|ldtilecfg|sttilecfg|tile\\w+|cmp\\w*xadd|prefetchit\\w+|aadd|aand|aor|axor|wrmsrns|rdmsrlist"
              + "|wrmsrlist|ud0|ud1|sysexitq|frstpm\\(287)\\b.*");

  /**
   * What objdump does not list: aliases of x87, SALC, fences with another rm than 0, WBINVD with a
   * prefix. Each of them was seen to execute on a processor.
   */
  private static final Set<Operation> UNLISTED =
      EnumSet.of(
          Operation.FXCH,
          Operation.FSTP,
          Operation.FCOM,
          Operation.FCOMP,
          Operation.FSTPNCE,
          Operation.SALC,
          Operation.NOP,
          Operation.FWAIT,
          Operation.LFENCE,
          Operation.MFENCE,
          Operation.SFENCE,
          Operation.WBINVD);

  private ObjdumpDialect() {}

  /** {@code text} without what is only a matter of notation. */
  static String normalize(String text) {
    String result = PREFIXES.matcher(text).replaceFirst("");
    result = LOCKED.matcher(result).replaceFirst("lock ");
    Matcher alone = NO_REGISTER.matcher(result);
    if (alone.find()) {
      long offset = Long.parseLong(alone.group(4), 16);
      offset = alone.group(3).equals("-") ? -offset : offset;
      offset = alone.group(2).equals("e") ? offset & 0xffff_ffffL : offset;
      String segment = alone.group(1) == null ? "ds" : alone.group(1);
      String absolute = segment + ":0x" + Long.toHexString(offset);
      result = result.substring(0, alone.start()) + absolute + result.substring(alone.end());
    }
    result = NO_INDEX.matcher(result).replaceAll("");
    Matcher high = HIGH_DISPLACEMENT.matcher(result);
    if (high.find()) {
      long displacement = -Long.parseUnsignedLong(high.group(2), 16);
      String negative = "[" + high.group(1) + "-0x" + Long.toHexString(displacement) + "]";
      result = result.substring(0, high.start()) + negative + result.substring(high.end());
    }
    if (ACCUMULATOR_MOVE.matcher(result).matches()) {
      result = OFFSET.matcher(result.replaceFirst("^movabs", "mov")).replaceAll("");
    }
    return result;
  }

  /**
   * Whether the two may differ.
   *
   * @param instruction ours
   * @param ours our text, or null where the decoder rejects the bytes
   * @param line objdump's
   */
  static boolean excuses(Instruction instruction, String ours, Objdump.Line line) {
    String theirs = normalize(line.text());
    boolean bad = line.text().contains("(bad)") || line.text().startsWith(".byte");
    if (ours == null) {
      // objdump lists LOCK anywhere, segment registers that do not exist, and lone prefixes.
      return bad
          || line.text().contains("lock ")
          || theirs.contains("?")
          || isLonePrefix(line)
          || ABSENT.matcher(theirs).matches()
          || theirs.matches("syscall|sysret\\w*|mov cs,.*|mov [cdt]r\\d+,.*|mov .*,[cdt]r\\d+");
    }
    String mnemonic = Disassembler.mnemonic(instruction);
    if (bad) {
      return UNLISTED.contains(instruction.form.operation());
    }
    if (isLonePrefix(line)) {
      // A REX prefix that is not the last prefix is an instruction of its own to objdump.
      return true;
    }
    if (instruction.form.operation() == Operation.FWAIT) {
      // objdump joins FWAIT with the x87 instruction behind it.
      return true;
    }
    if (instruction.length != line.length()) {
      return false;
    }
    return switch (instruction.form.operation()) {
      case NOP -> HINTS.matcher(theirs).matches();
      // F3 0F BC and BD are TZCNT and LZCNT only with the feature.
      case BSF -> theirs.startsWith("tzcnt");
      case BSR -> theirs.startsWith("lzcnt");
      // The width of a register that is read in part or zero-extended in any case.
      case MOV_SEG, LAR, LSL, SLDT, STR, SMSW, MOVMSKPS, MOVMSKPD, PMOVMSKB, PEXTRW ->
          theirs.startsWith(mnemonic);
      // objdump lets 66 and REX change MMX registers and the bases' width, prefers 66 to REX.W for
      // x87's environment and does not widen far pointers by REX.W. It does mark the 64-bit lengths
      // of PCMPESTRI.
      case MOVQ2DQ, MOVDQ2Q, RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE -> theirs.startsWith(mnemonic);
      case LSS, LFS, LGS, CALLF, JMPF, CMPXCHG16B -> theirs.contains(mnemonic);
      case FLDENV, FNSTENV, FRSTOR, FNSAVE -> theirs.startsWith(mnemonic);
      case PCMPESTRI, PCMPESTRM -> theirs.startsWith(mnemonic + "q");
      // DS in front of an indirect branch is NOTRACK to objdump.
      case CALL -> line.text().contains("notrack");
      // objdump does not narrow the target of a short branch with 66.
      case JCC, JMP, JCXZ, LOOP, LOOPE, LOOPNE ->
          mnemonic.startsWith(theirs.substring(0, theirs.indexOf(' ')))
              && (instruction.operandSize != instruction.codeSize
                  || instruction.codeSize == 2
                  || line.text().contains("notrack"));
      // The 8087's FNENI, FNDISI and the 80287's FNSETPM.
      case FNOP -> theirs.startsWith("fn");
      case SGDT, SIDT, LGDT, LIDT -> theirs.startsWith(mnemonic);
      default -> false;
    };
  }

  /**
   * Whether objdump takes prefixes for an instruction, as it does with REX before another prefix.
   */
  private static boolean isLonePrefix(Objdump.Line line) {
    String words = line.text().replace("lock ", "") + " x";
    return PREFIXES.matcher(words).replaceFirst("").equals("x");
  }

  /** The differences among {@code lines} that are not excused. */
  static List<String> differences(byte[] code, int codeSize, List<Objdump.Line> lines) {
    Decoder decoder = new Decoder(CpuModel.standard());
    Instruction instruction = new Instruction();
    return lines.stream()
        .filter(line -> line.offset() + Decoder.MAX_LENGTH <= code.length)
        .map(line -> difference(code, codeSize, decoder, instruction, line))
        .filter(difference -> difference != null)
        .toList();
  }

  private static String difference(
      byte[] code, int codeSize, Decoder decoder, Instruction instruction, Objdump.Line line) {
    int result = decoder.decode(code, line.offset(), Decoder.MAX_LENGTH, codeSize, instruction);
    String ours = result == Decoder.OK ? Disassembler.text(instruction, line.offset()) : null;
    boolean same =
        ours != null
            && instruction.length == line.length()
            && normalize(ours).equals(normalize(line.text()));
    if (same || excuses(instruction, ours, line)) {
      return null;
    }
    StringBuilder bytes = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      bytes.append("%02x ".formatted(code[line.offset() + i]));
    }
    return bytes + "| " + (ours == null ? "rejected" : ours) + " | " + line.text();
  }
}
