// SPDX-License-Identifier: MIT OR Apache-2.0
//! bc against the host's; dc, which hosts seldom have, against what its manual says.

use ochre_tests::machine::Machine;
use ochre_tests::scripts::same_as_on_the_host;

#[test]
fn bc() {
    let scripts = [
        "echo '1+2*3; 10/3; scale=5; 10/3; -7%3; 2^100; 2^-3; sqrt(2); -2^2' | bc",
        "echo 'obase=16; 255; 255.5; obase=2; 10; obase=100; 12345.67' | bc; echo 'ibase=16; FF; A.8' | bc",
        "echo 'scale=20; a(1)*4; e(1); l(2); s(1); c(1); j(0,1); l(0); e(-3.5); s(-100); a(-20)' | bc -l",
        "printf 'define f(n) {\\n auto x\\n if (n < 2) return (1)\\n x = n * f(n-1)\\n return (x)\\n}\\nf(30)\\nx\\n' | bc",
        "echo 'for (i=0;i<4;i++) { if (i==2) continue; print i, \",\"; }; print \"\\n\"; while (i>0) --i; i' | bc",
        "echo 'a[3]=5; a[3]++; a[3]; a[0]; a=2; a+=3; a^=2; a; length(12.345); scale(1.20); last+1' | bc",
        "echo '3>2; 2>=3; 1==1&&0; 0||5; !0; 1/0; 7' | bc 2> /dev/null; echo $?; echo '2^400; 1/3' | bc -l",
        "echo 'define v(*a[],b[]) { a[1]=9; b[1]=9; return(0) }; z=v(x[],y[]); x[1]; y[1]' | bc",
        "echo '\"text\"; /* no */ 5 # no' | bc; echo 'quit' > f; echo 3 | bc f; echo '1 \\' > g; echo '+ 4' >> g; bc g < /dev/null",
        "echo 'if (1) { 5 } else 6; if (0) 5 else { 6 }; 4; halt; 5' | bc; echo '.5+.5; 0.1-0.1; 1.000' | bc",
    ];
    let cases: Vec<_> = scripts.iter().map(|script| ("bc", *script)).collect();
    same_as_on_the_host(&cases);
}

#[test]
fn dc() {
    let cases = [
        ("2 3 + p", "5\n"),
        ("20k 2v p", "1.41421356237309504880\n"),
        ("16o 255p 2i 101p", "FF\n5\n"),
        ("[la1+dsa*pla10>y]sy 0sa1lyx", "1\n2\n6\n24\n120\n720\n5040\n40320\n362880\n3628800\n"),
        ("1 2 3 f c z p", "3\n2\n1\n0\n"),
        ("7 3~ f", "1\n2\n"),
        ("2 10 1000|p [a]n 65P 10P", "24\naA\n"),
        ("5 1:a 1;ap 3Sb 4sb Lbp", "5\n4\n"),
    ];
    let script: String = cases.iter().map(|(script, _)| format!("dc -e '{script}'\n")).collect();
    let wanted: String = cases.iter().map(|(_, wanted)| *wanted).collect();
    let output = Machine::exec(&["sh", "-c", &script]).run();
    assert_eq!(output.text(), wanted);
}
