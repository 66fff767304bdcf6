// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernels that calculate. Floating point is rounded before it goes into a result.

use crate::{Numbers, Round, mix};
use std::hint::black_box;

fn rounded(number: f64) -> u64 {
    ((number * 1e6).round() as i64).cast_unsigned()
}

/// A product of square matrices, the textbook's three loops.
pub fn matrix() -> Round {
    let size = black_box(96);
    let mut numbers = Numbers::new(2);
    let mut make =
        || -> Vec<f64> { (0..size * size).map(|_| numbers.below(1000) as f64 / 1000.0).collect() };
    let (a, b) = (make(), make());
    Box::new(move || {
        let (a, b) = (black_box(&a[..]), black_box(&b[..]));
        let mut product = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..size {
                let mut sum = 0.0;
                for k in 0..size {
                    sum += a[i * size + k] * b[k * size + j];
                }
                product[i * size + j] = sum;
            }
        }
        product.iter().fold(0, |result, number| mix(result, rounded(*number)))
    })
}

/// Points of the Mandelbrot set.
pub fn mandelbrot() -> Round {
    Box::new(|| {
        let size = black_box(72);
        let mut result = 0;
        for row in 0..size {
            for column in 0..size {
                let x0 = f64::from(column) * 2.5 / f64::from(size) - 2.0;
                let y0 = f64::from(row) * 2.0 / f64::from(size) - 1.0;
                let (mut x, mut y, mut steps) = (0.0, 0.0, 0u64);
                while x * x + y * y <= 4.0 && steps < 200 {
                    (x, y) = (x * x - y * y + x0, 2.0 * x * y + y0);
                    steps += 1;
                }
                result = mix(result, steps);
            }
        }
        result
    })
}

/// Sun and four planets, as in the benchmarks game.
pub fn nbody() -> Round {
    #[derive(Clone)]
    struct Body {
        place: [f64; 3],
        speed: [f64; 3],
        mass: f64,
    }
    let mut numbers = Numbers::new(3);
    let mut coordinate = |scale: f64| (numbers.below(2000) as f64 / 1000.0 - 1.0) * scale;
    let bodies: Vec<Body> = (0..5)
        .map(|i| Body {
            place: [(); 3].map(|()| coordinate(20.0)),
            speed: [(); 3].map(|()| coordinate(1.0)),
            mass: if i == 0 { 40.0 } else { 0.01 * f64::from(i) },
        })
        .collect();
    Box::new(move || {
        let mut bodies = black_box(bodies.clone());
        for _ in 0..4000 {
            for i in 0..bodies.len() {
                let (before, after) = bodies.split_at_mut(i + 1);
                let body = &mut before[i];
                for other in after {
                    let [dx, dy, dz] = [0, 1, 2].map(|axis| body.place[axis] - other.place[axis]);
                    let square = dx * dx + dy * dy + dz * dz;
                    let pull = 0.001 / (square * square.sqrt());
                    for (axis, delta) in [dx, dy, dz].into_iter().enumerate() {
                        body.speed[axis] -= delta * other.mass * pull;
                        other.speed[axis] += delta * body.mass * pull;
                    }
                }
            }
            for body in &mut bodies {
                for axis in 0..3 {
                    body.place[axis] += 0.001 * body.speed[axis];
                }
            }
        }
        bodies.iter().fold(0, |result, body| mix(result, rounded(body.place[0] / 1e3)))
    })
}

/// The greatest eigenvalue of a matrix that is computed and not stored.
pub fn spectral_norm() -> Round {
    fn entry(i: usize, j: usize) -> f64 {
        1.0 / ((i + j) * (i + j + 1) / 2 + i + 1) as f64
    }
    fn times(vector: &[f64], out: &mut [f64], entry: impl Fn(usize, usize) -> f64) {
        for (i, out) in out.iter_mut().enumerate() {
            *out = vector.iter().enumerate().map(|(j, value)| entry(i, j) * value).sum();
        }
    }
    Box::new(|| {
        let size = black_box(100);
        let (mut u, mut v) = (vec![1.0; size], vec![0.0; size]);
        let mut between = vec![0.0; size];
        for _ in 0..5 {
            times(&u, &mut between, entry);
            times(&between, &mut v, |i, j| entry(j, i));
            times(&v, &mut between, entry);
            times(&between, &mut u, |i, j| entry(j, i));
        }
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        rounded((product(&u, &v) / product(&v, &v)).sqrt())
    })
}

/// Recursion and nothing else.
pub fn fibonacci() -> Round {
    fn fibonacci(n: u32) -> u64 {
        if n < 2 { n.into() } else { fibonacci(n - 1) + fibonacci(n - 2) }
    }
    Box::new(|| fibonacci(black_box(25)))
}

/// Lengths of Collatz sequences: short loops of unforeseeable length.
pub fn collatz() -> Round {
    Box::new(|| {
        (1..black_box(12_000u64)).fold(0, |result, start| {
            let (mut number, mut steps) = (start, 0u64);
            while number != 1 {
                number = if number % 2 == 0 { number / 2 } else { 3 * number + 1 };
                steps += 1;
            }
            mix(result, steps)
        })
    })
}
