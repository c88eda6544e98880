package fit

// A Theorem is one row of what is known about the width that is enough. The exponents have the sign of a Law's; undefined
// where the row has none.
type Theorem struct {
	Result  string `json:"result"`
	Setting string `json:"setting"`
	Width   string `json:"width"` // as a formula
	N       Number `json:"n"`
	Lambda0 Number `json:"lambda0"`
	Mark    Mark   `json:"mark"`
}

// A Mark says how far a row was checked.
type Mark string

// The marks. Only Paper rows were read in the paper itself or in a text that restates it.
const (
	Paper    Mark = "paper"
	Derived  Mark = "derived"
	Quoted   Mark = "quoted"   // seen quoted by another paper
	Recalled Mark = "recalled" // from memory, not checked against the paper
	Title    Mark = "title"    // the paper's title says so
	Partly   Mark = "paper (n), recalled (rest)"
)

// Theory is the table. A result with several exponents has a row for each.
func Theory() []Theorem {
	none := Undefined()
	return []Theorem{
		{"rank of H(0) <= m d", "necessary", "n/d", 1, 0, Derived},
		{"Du, Zhai, Poczos, Singh 2019", "hidden (and both), squared, ReLU", "n^6 / (lambda0^4 delta^3)", 6, -4, Paper},
		{"Du, Zhai, Poczos, Singh 2019, Lemma 3.1 (init)", "Hoeffding", "n^2 log(n/delta) / lambda0^2", 2, -2, Paper},
		{"Oymak & Soltanolkotabi 2020", "hidden, ReLU", "n |X|^6 / lambda0^4; sphere n^4/d^3", 4, -4, Recalled},
		{"Oymak & Soltanolkotabi 2020", "hidden, smooth", "sqrt(m d) >= n: sphere n^2/d", 2, -2, Partly},
		{"Wu, Du, Ward 2019", "step 1/lambda_max", "n^6 / lambda0^4", 6, -4, Recalled},
		{"Song & Yang 2019", "matrix Chernoff", "n^4 / lambda0^4", 4, -4, Recalled},
		{"Song & Yang 2019", "matrix Chernoff, a condition on the data", "n^2", 2, none, Quoted},
		{"Arora, Du, Hu, Li, Wang 2019", "generalisation", "n^7 / lambda0^4", 7, -4, Recalled},
		{"Allen-Zhu, Li, Song 2019", "deep (L layers)", "n^24 L^12", 24, none, Quoted},
		{"Zou & Gu 2019", "deep (L layers)", "n^8 L^12", 8, none, Quoted},
		{"Cao & Gu 2019", "deep, classification", "n^7", 7, none, Quoted},
		{"Das & Golikov 2019", "", "n^2", 2, none, Title},
		{"Song, Ramezani-Kebrya, Pethick, Eftekhari, Cevher 2021", "both, smooth", "n^1.5; n if d >= sqrt n", 1.5, none, Paper},
		{"Nguyen 2021", "deep, one wide layer, by the init", "n", 1, none, Paper},
		{"Nguyen 2021", "deep, one wide layer, by the init", "n^2", 2, none, Paper},
		{"Nguyen 2021", "deep, one wide layer, by the init", "n^3", 3, none, Paper},
		{"Daniely 2020; Kawaguchi & Huang 2019; Eftekhari 2019", "various", "~ n (parameters)", 1, none, Quoted},
		{"Montanari & Zhong 2022", "lazy", "m d >> n", 1, 0, Paper},
		{"Karhadkar, Murray, Montufar 2024", "NTK at the start", "|X|^2 d^3 / separation^2", 1, none, Paper},
		{"Liu, Zhu, Belkin 2020", "PL* on a ball of radius R, smooth", "n R^(6L+2) / (lambda0 - mu)^2", 1, -2, Recalled},
		{"Ji & Telgarsky 2020", "logistic, margin gamma", "log n / gamma^8", 0, none, Paper},
		{"Nitanda, Chinot, Suzuki 2019", "logistic, smooth, margin", "polynomial in 1/epsilon, not in n", 0, none, Recalled},
	}
}
